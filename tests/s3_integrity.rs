//! What belongs to an object besides its bytes, against a scripted store: sums, notes, versions.

#[path = "support/store.rs"]
mod store;

use s3_valkey::s3::{
    ChecksumAlgorithm, PresignOptions, PutOptions, S3Client, S3Credentials,
    S3CredentialsWithOptions, S3File, S3ListVersionsOptions, S3Options,
};
use store::{Store, response};

const PART: usize = 1000;

fn client(store: &Store, checksum: Option<ChecksumAlgorithm>) -> S3Client {
    S3Client::new(S3CredentialsWithOptions {
        credentials: S3Credentials {
            access_key_id: "AKIDEXAMPLE".into(),
            secret_access_key: "secret".into(),
            bucket: "b".into(),
            endpoint: Some(store.endpoint.clone()),
            ..S3Credentials::default()
        },
        options: S3Options {
            part_size: PART as u64,
            checksum,
            ..S3Options::default()
        },
    })
}

/// Takes uploads in one piece and in parts.
fn taking() -> Store {
    Store::start(|_, request| match request.line.split_once('?') {
        Some((_, "uploads=")) => response(
            200,
            "",
            "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>",
        ),
        _ => response(200, "etag: \"e\"\r\n", ""),
    })
}

#[tokio::test]
async fn a_file_sends_the_sum_of_its_bytes() {
    for (algorithm, name, sum) in [
        (
            ChecksumAlgorithm::Crc32c,
            "x-amz-checksum-crc32c",
            "4waSgw==",
        ),
        (
            ChecksumAlgorithm::Md5,
            "content-md5",
            "JfnnlDI7RTiF9RgfG2JNCw==",
        ),
    ] {
        let store = taking();
        let file = S3File::new(client(&store, Some(algorithm)), "k");
        file.write(b"123456789").await.unwrap();
        let request = &store.received()[0];
        assert_eq!(request.header(name), Some(sum));
        assert!(request.header("authorization").unwrap().contains(name));
    }
}

#[tokio::test]
async fn parts_have_sums_and_so_has_what_they_make() {
    for (algorithm, kind, whole) in [
        (ChecksumAlgorithm::Crc32, Some("FULL_OBJECT"), true),
        (ChecksumAlgorithm::Sha256, None, false),
    ] {
        let store = taking();
        let bytes = vec![b'x'; 2 * PART + 1];
        let mut upload = S3File::new(client(&store, Some(algorithm)), "k").writer();
        upload.write(bytes.clone().into()).await.unwrap();
        upload.finish().await.unwrap();
        let received = store.received();
        let create = &received[0];
        assert_eq!(
            create.header("x-amz-checksum-algorithm"),
            Some(algorithm.as_str())
        );
        assert_eq!(create.header("x-amz-checksum-type"), kind);
        let list = String::from_utf8(received[4].body.clone()).unwrap();
        for part in &received[1..4] {
            let sum = algorithm.of(&[part.body.clone().into()]).text;
            assert_eq!(part.header(algorithm.header()), Some(&*sum));
            let name = algorithm.element();
            assert!(list.contains(&format!("<{name}>{sum}</{name}>")), "{list}");
        }
        let sum = algorithm.of(&[bytes.into()]).text;
        let expected = whole.then_some(&*sum);
        assert_eq!(received[4].header(algorithm.header()), expected);
    }
}

#[tokio::test]
async fn what_is_read_is_compared_with_the_sum_of_the_store() {
    let answer = |sum: &str| {
        response(
            200,
            &format!("x-amz-checksum-crc32: {sum}\r\n"),
            "123456789",
        )
    };
    let right = Store::start(move |_, _| answer("y/Q5Jg=="));
    let wrong = Store::start(move |_, _| answer("AAAAAA=="));
    let checked = Some(ChecksumAlgorithm::Sha256);
    let download = client(&right, checked).download("k", None).await.unwrap();
    assert_eq!(download.body, b"123456789");
    let asked = &right.received()[0];
    assert_eq!(asked.header("x-amz-checksum-mode"), Some("ENABLED"));
    let error = client(&wrong, checked)
        .download("k", None)
        .await
        .unwrap_err();
    assert_eq!(error.code(), "ERR_S3_CHECKSUM_MISMATCH");
    let mut body = client(&wrong, checked).get("k", None).await.unwrap();
    let mut got = 0;
    let error = loop {
        match body.next_chunk().await.unwrap() {
            Ok(chunk) => got += chunk.len(),
            Err(error) => break error,
        }
    };
    assert_eq!(error.code(), "ERR_S3_CHECKSUM_MISMATCH");
    assert!(got < 9, "the last piece is held back");
    assert!(client(&wrong, None).download("k", None).await.is_ok());
}

#[tokio::test]
async fn notes_come_back_as_they_were_made() {
    let store = Store::start(|_, _| {
        let noted = "x-amz-meta-author: =?UTF-8?B?Wm/Dqw==?=\r\nx-amz-version-id: v1\r\n";
        response(200, noted, "")
    });
    let mut options = PutOptions::default();
    options.metadata.insert("Author", "Zoë").unwrap();
    let client = client(&store, None);
    client.put("k", "x".into(), &options).await.unwrap();
    let sent = &store.received()[0];
    assert_eq!(
        sent.header("x-amz-meta-author"),
        Some("=?UTF-8?B?Wm/Dqw==?=")
    );
    let stat = client.stat("k").await.unwrap();
    assert_eq!(stat.metadata, options.metadata);
    assert_eq!(stat.version_id.as_deref(), Some("v1"));
}

#[tokio::test]
async fn a_version_is_named_in_every_request_about_it() {
    let store = Store::start(|_, _| response(200, "", ""));
    let old = client(&store, None).at_version("v/1+a");
    old.download("k", None).await.unwrap();
    old.stat("k").await.unwrap();
    old.delete("k").await.unwrap();
    let lines: Vec<_> = store.received().into_iter().map(|r| r.line).collect();
    let expected =
        ["GET", "HEAD", "DELETE"].map(|method| format!("{method} /b/k?versionId=v%2F1%2Ba"));
    assert_eq!(lines, expected);
    let url = old.presign("k", &PresignOptions::default()).unwrap();
    assert!(url.contains("&versionId=v%2F1%2Ba"), "{url}");
}

#[tokio::test]
async fn versions_are_listed() {
    let store = Store::start(|_, _| {
        let version =
            "<Version><Key>k</Key><VersionId>v1</VersionId><IsLatest>true</IsLatest></Version>";
        response(
            200,
            "",
            &format!("<ListVersionsResult>{version}</ListVersionsResult>"),
        )
    });
    let options = S3ListVersionsOptions {
        prefix: Some("k".into()),
        ..S3ListVersionsOptions::default()
    };
    let page = client(&store, None).list_versions(&options).await.unwrap();
    assert_eq!(page.versions[0].version_id.as_deref(), Some("v1"));
    assert_eq!(store.received()[0].line, "GET /b/?prefix=k&versions=");
}
