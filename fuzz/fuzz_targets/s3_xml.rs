//! What a store sends as XML: no document makes the reader panic, hang or take memory without end,
//! and what is written can be read.
//!
//! `cargo +nightly fuzz run s3_xml`

#![no_main]

use libfuzzer_sys::fuzz_target;
use s3_valkey::s3::op::{list, multipart};
use s3_valkey::s3::xml::{Element, complete_multipart_upload};

fuzz_target!(|document: &[u8]| {
    let parsed = Element::parse(document);
    if let Ok(page) = list::response(document) {
        assert!(parsed.is_some_and(|root| root.name == "ListBucketResult"));
        assert!(page.contents.iter().all(|object| !object.key.is_empty()));
    }
    if let Ok(id) = multipart::upload_id(document) {
        assert!(id.bytes().all(|byte| byte.is_ascii_graphic()));
    }
    let etag = String::from_utf8_lossy(document).replace('\r', "");
    let written = complete_multipart_upload(&[(1, etag.clone())]);
    if let Some(root) = Element::parse(written.as_bytes()) {
        let part = root.child("Part").expect("it was written");
        assert_eq!(part.child_text("ETag"), Some(etag.as_str()));
    }
});
