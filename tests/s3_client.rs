//! The Rust S3 client against a scripted store.

#[path = "support/store.rs"]
mod store;

use s3_valkey::ErrorKind;
use s3_valkey::s3::{
    ByteRange, PutOptions, S3Client, S3Credentials, S3CredentialsWithOptions, S3File, S3Options,
};
use store::{Store, response};

const PART: usize = 1000;

fn client(store: &Store) -> S3Client {
    S3Client::new(S3CredentialsWithOptions {
        credentials: S3Credentials {
            access_key_id: "AKIDEXAMPLE".into(),
            secret_access_key: "secret".into(),
            session_token: Some("token".into()),
            bucket: "b".into(),
            region: "us-east-1".into(),
            endpoint: Some(store.endpoint.clone()),
        },
        options: S3Options {
            part_size: PART as u64,
            ..S3Options::default()
        },
    })
}

/// The answer to the request that begins an upload.
fn begun(id: &str) -> String {
    let body = format!(
        "<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
    );
    response(200, "", &body)
}

#[tokio::test]
async fn a_request_is_addressed_and_signed() {
    let store = Store::start(|_, _| response(200, "etag: \"e\"\r\n", ""));
    let options = PutOptions {
        content_type: Some("text/plain".into()),
        content_disposition: Some(" attachment;   filename=x ".into()),
        ..PutOptions::default()
    };
    let stored = client(&store)
        .put("a b/../+%.txt", "hello".into(), &options)
        .await
        .unwrap();
    assert_eq!(stored.etag, "\"e\"");
    let request = &store.received()[0];
    assert_eq!(request.line, "PUT /b/a%20b/../%2B%25.txt");
    assert_eq!(request.body, b"hello");
    assert_eq!(
        request.header("x-amz-content-sha256"),
        Some("UNSIGNED-PAYLOAD")
    );
    assert_eq!(
        request.header("content-disposition"),
        Some("attachment; filename=x")
    );
    let authorization = request.header("authorization").unwrap();
    assert!(authorization.contains("Credential=AKIDEXAMPLE/"));
    assert!(authorization.contains(
        "SignedHeaders=content-disposition;content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token,"
    ));
}

#[tokio::test]
async fn what_may_succeed_later_is_tried_again() {
    let store = Store::start(|number, _| match number {
        0 => response(503, "", "<Error><Code>InternalError</Code></Error>"),
        // The connection breaks before there is an answer.
        1 => String::new(),
        _ => response(200, "", "body"),
    });
    let download = client(&store).download("k", None).await.unwrap();
    assert_eq!(download.body, b"body");
    assert_eq!(store.received().len(), 3);
}

#[tokio::test]
async fn what_is_refused_is_not() {
    let store = Store::start(|_, _| {
        response(
            403,
            "x-amz-request-id: R1\r\n",
            "<Error><Code>AccessDenied</Code><Message>no</Message></Error>",
        )
    });
    let error = client(&store).download("k", None).await.unwrap_err();
    assert_eq!((error.code(), error.message()), ("AccessDenied", "no"));
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert_eq!(error.details().status, Some(403));
    assert_eq!(error.details().request_id.as_deref(), Some("R1"));
    assert_eq!(error.details().path.as_deref(), Some("k"));
    assert_eq!(store.received().len(), 1);
}

#[tokio::test]
async fn a_redirect_is_an_error_and_nothing_is_sent_elsewhere() {
    let store = Store::start(|_, _| response(307, "location: http://127.0.0.1:1/\r\n", ""));
    let error = client(&store)
        .put("k", "x".into(), &PutOptions::default())
        .await
        .unwrap_err();
    assert_eq!(error.details().status, Some(307));
    assert_eq!(store.received().len(), 1);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_error() {
    let store = Store::start(|_, _| "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".into());
    let error = client(&store).download("k", None).await.unwrap_err();
    assert_eq!(error.code(), "ConnectionClosed");
    let mut body = client(&store).get("k", None).await.unwrap();
    assert_eq!(body.next_chunk().await.unwrap().unwrap(), "half");
    assert_eq!(
        body.next_chunk().await.unwrap().unwrap_err().code(),
        "ConnectionClosed"
    );
    assert!(body.next_chunk().await.is_none());
}

#[tokio::test]
async fn slices_ask_for_their_range_and_empty_ones_for_nothing() {
    let store = Store::start(|_, _| response(206, "", "cd"));
    let file = S3File::new(client(&store), "k");
    assert_eq!(file.slice(2, 4).text().await.unwrap(), "cd");
    assert_eq!(store.received()[0].header("range"), Some("bytes=2-3"));
    assert_eq!(file.slice(5, 5).text().await.unwrap(), "");
    let suffix = client(&store)
        .download("k", Some(ByteRange::Suffix(2)))
        .await
        .unwrap();
    assert_eq!(suffix.body, b"cd");
    let received = store.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[1].header("range"), Some("bytes=-2"));
}

#[tokio::test]
async fn a_range_of_which_less_comes_than_it_stands_for_is_completed() {
    let whole = "0123456789";
    let answer = |start: usize, length: usize, tag: &str| {
        let headers = format!("etag: {tag}\r\ncontent-range: bytes {start}-8/10\r\n");
        response(206, &headers, &whole[start..start + length])
    };
    let store = Store::start(move |number, _| match number % 3 {
        0 => answer(2, 1, "\"e\""),
        1 => answer(3, 2, "\"e\""),
        _ => answer(5, 4, "\"e\""),
    });
    let range = Some(ByteRange::Bounded {
        start: 2,
        end_exclusive: 9,
    });
    let download = client(&store).download("k", range).await.unwrap();
    assert_eq!(download.body, b"2345678");
    assert_eq!(download.metadata.size, 7);
    let mut body = client(&store).get("k", range).await.unwrap();
    let mut streamed = Vec::new();
    while let Some(chunk) = body.next_chunk().await {
        streamed.extend(chunk.unwrap());
    }
    assert_eq!(streamed, b"2345678");
    let asked: Vec<_> = store.received();
    let asked: Vec<_> = asked.iter().filter_map(|one| one.header("range")).collect();
    assert_eq!(asked[..3], ["bytes=2-8", "bytes=3-8", "bytes=5-8"]);
    assert_eq!(asked[..3], asked[3..]);

    let nameless = Store::start(move |_, _| answer(2, 1, ""));
    let error = client(&nameless).download("k", range).await.unwrap_err();
    assert_eq!(error.code(), "ConnectionClosed");
    assert_eq!(nameless.received().len(), 1);
}

#[tokio::test]
async fn an_upload_of_parts_is_completed_in_order() {
    let store = Store::start(|_, request| {
        if request.line.ends_with("?uploads=") {
            begun("id&amp;1")
        } else if request.line.contains("partNumber=") {
            let number = request
                .line
                .split("partNumber=")
                .nth(1)
                .unwrap()
                .split('&')
                .next()
                .unwrap();
            response(200, &format!("etag: \"<{number}>\"\r\n"), "")
        } else {
            response(200, "", "<CompleteMultipartUploadResult/>")
        }
    });
    let mut upload = client(&store).multipart("k", PutOptions::default());
    for _ in 0..25 {
        upload.write(vec![b'x'; 100].into()).await.unwrap();
    }
    assert_eq!(upload.finish().await.unwrap(), 2500);
    let received = store.received();
    let mut sizes: Vec<_> = received
        .iter()
        .filter(|request| request.line.contains("partNumber="))
        .map(|request| (request.line.clone(), request.body.len()))
        .collect();
    sizes.sort();
    assert_eq!(
        sizes,
        [1, 2, 3].map(|number| (
            format!("PUT /b/k?partNumber={number}&uploadId=id%261&x-id=UploadPart"),
            if number < 3 { PART } else { 500 }
        ))
    );
    let complete = received.last().unwrap();
    assert_eq!(complete.line, "POST /b/k?uploadId=id%261");
    let body = String::from_utf8(complete.body.clone()).unwrap();
    assert!(body.contains(
        "<Part><PartNumber>1</PartNumber><ETag>&quot;&lt;1&gt;&quot;</ETag></Part><Part><PartNumber>2<"
    ));
}

#[tokio::test]
async fn a_failed_part_ends_the_upload_and_nothing_is_left() {
    let store = Store::start(|_, request| {
        if request.line.ends_with("?uploads=") {
            begun("id")
        } else if request.line.starts_with("DELETE") {
            response(204, "", "")
        } else {
            response(403, "", "<Error><Code>AccessDenied</Code></Error>")
        }
    });
    let mut upload = client(&store).multipart("k", PutOptions::default());
    upload.write(vec![b'x'; PART * 2].into()).await.unwrap();
    assert_eq!(upload.flush().await.unwrap_err().code(), "AccessDenied");
    assert_eq!(
        upload.write("more".into()).await.unwrap_err().code(),
        "AccessDenied"
    );
    assert_eq!(upload.finish().await.unwrap_err().code(), "AccessDenied");
    let received = store.received();
    assert_eq!(received.last().unwrap().line, "DELETE /b/k?uploadId=id");
    assert!(
        received
            .iter()
            .all(|request| !request.line.starts_with("POST /b/k?uploadId"))
    );
}

#[tokio::test]
async fn a_failure_behind_a_200_is_a_failure() {
    let store = Store::start(|_, request| {
        if request.line.ends_with("?uploads=") {
            begun("id")
        } else if request.line.starts_with("POST") {
            response(
                200,
                "",
                "<Error><Code>InternalError</Code><Message>late</Message></Error>",
            )
        } else {
            response(200, "etag: \"e\"\r\n", "")
        }
    });
    let mut upload = client(&store).multipart("k", PutOptions::default());
    upload.write(vec![b'x'; PART].into()).await.unwrap();
    assert_eq!(upload.finish().await.unwrap_err().message(), "late");
    assert_eq!(
        store.received().last().unwrap().line,
        "DELETE /b/k?uploadId=id"
    );
}

#[tokio::test]
async fn an_empty_upload_is_an_empty_object() {
    let store = Store::start(|_, _| response(200, "", ""));
    let upload = client(&store).multipart("k", PutOptions::default());
    assert_eq!(upload.finish().await.unwrap(), 0);
    let request = &store.received()[0];
    assert_eq!(
        (request.line.as_str(), request.header("content-length")),
        ("PUT /b/k", Some("0"))
    );
}

#[tokio::test]
async fn calls_without_what_they_need_fail_before_anything_is_sent() {
    let bare = S3Client::new(S3CredentialsWithOptions::default());
    assert_eq!(
        bare.stat("b/k").await.unwrap_err().code(),
        "ERR_S3_MISSING_CREDENTIALS"
    );
    let store = Store::start(|_, _| response(200, "", ""));
    let client = client(&store);
    assert_eq!(
        client.stat("/").await.unwrap_err().code(),
        "ERR_S3_INVALID_PATH"
    );
    let smuggled = PutOptions {
        content_type: Some("text/plain\r\nx-amz-acl: public-read".into()),
        ..PutOptions::default()
    };
    assert!(client.put("k", "x".into(), &smuggled).await.is_err());
    assert!(store.received().is_empty());
}
