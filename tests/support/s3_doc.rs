// A store in memory for the examples in the documentation, and the client of one.

mod store {
    include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/store.rs"));
}

/// Runs an example with a client of a store that is empty.
#[allow(dead_code, reason = "each example uses a part")]
pub fn run(example: impl AsyncFnOnce(s3_valkey::s3::S3Client) -> s3_valkey::Result<()>) {
    let objects = std::sync::Mutex::new(std::collections::BTreeMap::<String, String>::new());
    let parts = std::sync::Mutex::new(std::collections::BTreeMap::<u32, String>::new());
    let store = store::Store::start(move |_, request| {
        let mut objects = objects.lock().expect("no example panics here");
        let mut parts = parts.lock().expect("no example panics here");
        let (method, target) = request.line.split_once(' ').expect("a target");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let body = || String::from_utf8_lossy(&request.body).into_owned();
        let tag = "etag: \"e\"\r\n";
        match (method, query) {
            ("POST", "uploads=") => store::response(
                200,
                "",
                "<InitiateMultipartUploadResult><UploadId>id</UploadId></InitiateMultipartUploadResult>",
            ),
            ("POST", _) => {
                let whole = std::mem::take(&mut *parts).into_values().collect();
                objects.insert(path.to_owned(), whole);
                store::response(200, "", "<CompleteMultipartUploadResult/>")
            }
            ("PUT", "") => {
                objects.insert(path.to_owned(), body());
                store::response(200, tag, "")
            }
            ("PUT", _) => {
                let number = query.split(['=', '&']).nth(1).and_then(|number| number.parse().ok());
                parts.insert(number.expect("a part number"), body());
                store::response(200, tag, "")
            }
            ("DELETE", _) => {
                objects.remove(path);
                store::response(204, "", "")
            }
            ("GET", query) if query.contains("list-type=2") => {
                let contents: String = objects
                    .iter()
                    .map(|(key, body)| {
                        let key = key.trim_start_matches("/bucket/");
                        format!("<Contents><Key>{key}</Key><Size>{}</Size></Contents>", body.len())
                    })
                    .collect();
                store::response(200, "", &format!("<ListBucketResult>{contents}</ListBucketResult>"))
            }
            _ => match objects.get(path) {
                None => store::response(404, "", ""),
                Some(body) if method == "HEAD" => {
                    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n{tag}\r\n", body.len())
                }
                Some(body) => match request.header("range").and_then(|range| range.strip_prefix("bytes=")) {
                    None => store::response(200, tag, body),
                    Some(range) => {
                        let (start, end) = range.split_once('-').expect("two ends");
                        let (start, end): (usize, usize) = (start.parse().unwrap_or(0), end.parse().unwrap_or(0));
                        let range = format!("{tag}content-range: bytes {start}-{end}/{}\r\n", body.len());
                        store::response(206, &range, &body[start..=end])
                    }
                },
            },
        }
    });
    let client = s3_valkey::s3::S3Client::new(s3_valkey::s3::S3CredentialsWithOptions {
        credentials: s3_valkey::s3::S3Credentials {
            access_key_id: "AKID".into(),
            secret_access_key: "secret".into(),
            bucket: "bucket".into(),
            endpoint: Some(store.endpoint.clone()),
            ..Default::default()
        },
        ..Default::default()
    });
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(example(client)).expect("the example works");
}
