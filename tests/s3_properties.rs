//! What holds for every key, parameter and header: properties, tried on seeded random values.

use std::collections::HashSet;

use s3_valkey::s3::op::multipart::Part;
use s3_valkey::s3::sign::{self, Request, Signer, Timestamp, UNSIGNED_PAYLOAD};
use s3_valkey::s3::url::{Location, encode_path, encode_query, encoded_bytes};
use s3_valkey::s3::xml::{Element, complete_multipart_upload};
use s3_valkey::s3::{PresignOptions, S3Client, S3Credentials, S3CredentialsWithOptions};

const ROUNDS: u64 = 2000;

/// A small generator (splitmix64): the same values in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).expect("it is below a usize")
    }

    /// Text of what is likely to break: separators, dots, percent signs, any character.
    fn text(&mut self, most: usize) -> String {
        const ODD: &[&str] = &[
            "/", "//", ".", "..", "./", "../", "%", "%2F", "%25", "+", " ", "?", "#", "&", "=",
            ":", ";", "@", "~", "*", "'", "\"", "<", "\t", "\u{7f}", "é", "e\u{301}", "漢", "😀",
            "\u{202e}", "a", "Z", "0", "-", "_",
        ];
        let length = 1 + self.below(most);
        (0..length).map(|_| ODD[self.below(ODD.len())]).collect()
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let pair: String = rest.by_ref().take(2).map(char::from).collect();
            bytes.push(u8::from_str_radix(&pair, 16).expect("two hexadecimal digits"));
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).expect("what was encoded is UTF-8")
}

#[test]
fn encoding_can_be_undone_and_uses_only_safe_characters() {
    let mut random = Random(1);
    for _ in 0..ROUNDS {
        let text = random.text(30);
        let (mut path, mut query) = (String::new(), String::new());
        encode_path(&mut path, &text);
        encode_query(&mut query, &text);
        assert_eq!(decoded(&path), text);
        assert_eq!(decoded(&query), text);
        assert_eq!(path.replace('/', "%2F"), query);
        assert!(
            query
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte))
        );
        assert_eq!(encoded_bytes(&text).collect::<Vec<_>>(), query.as_bytes());
    }
}

#[test]
fn a_key_is_kept_but_for_its_outer_slashes() {
    let mut random = Random(2);
    for _ in 0..ROUNDS {
        let key = format!("k{}k", random.text(30));
        let location = Location::resolve(&key, "bucket").expect("it is short");
        assert_eq!(
            (location.bucket.as_str(), location.key.as_str()),
            ("bucket", key.as_str())
        );
        let location = Location::resolve(&format!("s3://{key}"), "bucket").expect("it is short");
        assert_eq!(location.key, key);
    }
}

#[test]
fn different_keys_have_different_urls_with_different_signatures() {
    let client = S3Client::new(S3CredentialsWithOptions {
        credentials: S3Credentials {
            access_key_id: "AKID".into(),
            secret_access_key: "secret".into(),
            bucket: "bucket".into(),
            ..S3Credentials::default()
        },
        ..S3CredentialsWithOptions::default()
    });
    let mut random = Random(3);
    let mut seen = HashSet::new();
    let mut keys = HashSet::new();
    for _ in 0..ROUNDS {
        let key = format!("k{}k", random.text(12));
        let url = client
            .presign_at(&key, &PresignOptions::default(), 1_369_353_600)
            .expect("it can be signed");
        let (head, signature) = url.split_once("&X-Amz-Signature=").expect("it is signed");
        let path = head.split('?').next().expect("a path");
        assert_eq!(
            decoded(
                path.strip_prefix("https://s3.us-east-1.amazonaws.com/bucket/")
                    .expect("the host")
            ),
            key
        );
        assert_eq!(keys.insert(key), seen.insert(signature.to_owned()));
    }
}

#[test]
fn a_signature_covers_every_part_of_the_request() {
    let signer = Signer::new("AKID".into(), "secret".into(), "us-east-1".into());
    let mut random = Random(4);
    for _ in 0..ROUNDS / 10 {
        let (mut path, value) = ("/".to_owned(), random.text(10));
        encode_path(&mut path, &random.text(10));
        let query = sign::encoded_query(&[("a", &value)]);
        let folded = sign::trim_all(&value);
        let headers = [("host", "h"), ("x-amz-meta", &folded)];
        let time = Timestamp::from_unix(random.next() % 4_000_000_000);
        let request = Request {
            method: "GET",
            path: &path,
            query: &query,
            headers: &headers,
            payload: UNSIGNED_PAYLOAD,
        };
        let authorize = |request: &Request<'_>, time| signer.authorization(request, time);
        let original = authorize(&request, time);
        assert_eq!(authorize(&request, time), original);
        let longer = format!("{path}x");
        let other_query = sign::encoded_query(&[("a", &format!("{value}x"))]);
        let other_headers = [("host", "h"), ("x-amz-meta", "other than that")];
        for changed in [
            Request {
                method: "PUT",
                ..request
            },
            Request {
                path: &longer,
                ..request
            },
            Request {
                query: &other_query,
                ..request
            },
            Request {
                headers: &other_headers,
                ..request
            },
            Request {
                headers: &headers[..1],
                ..request
            },
            Request {
                payload: "e3b0",
                ..request
            },
        ] {
            assert_ne!(authorize(&changed, time), original);
        }
    }
}

#[test]
fn documents_that_are_written_can_be_read() {
    let mut random = Random(7);
    for _ in 0..ROUNDS {
        let etag = random.text(20);
        let document = complete_multipart_upload(
            &[Part::new(1, etag.clone()), Part::new(2, "\"e\"".into())],
            None,
        );
        let root = Element::parse(document.as_bytes()).expect("it is well-formed");
        let etags: Vec<_> = root
            .children("Part")
            .map(|part| part.child_text("ETag"))
            .collect();
        assert_eq!(etags, [Some(etag.as_str()), Some("\"e\"")]);
        // Cut anywhere it is no document; garbled it may be one, but never a panic.
        let cut = random.below(document.len());
        assert_eq!(
            document
                .get(..cut)
                .and_then(|text| Element::parse(text.as_bytes())),
            None
        );
        let mut bytes = document.into_bytes();
        let at = random.below(bytes.len());
        bytes[at] = u8::try_from(random.below(256)).expect("it is a byte");
        let _ = Element::parse(&bytes);
    }
}

#[test]
fn parameters_are_sorted_by_their_encoded_names() {
    let mut random = Random(5);
    for _ in 0..ROUNDS / 10 {
        let texts: Vec<(String, String)> =
            (0..8).map(|_| (random.text(3), random.text(3))).collect();
        let mut parameters: Vec<(&str, &str)> = texts
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        sign::sort_parameters(&mut parameters);
        let query = sign::encoded_query(&parameters);
        let pairs: Vec<(&str, &str)> = query
            .split('&')
            .map(|pair| pair.split_once('=').expect("a value"))
            .collect();
        assert!(pairs.is_sorted());
        assert_eq!(pairs.len(), texts.len());
    }
}

#[test]
fn folded_values_have_single_inner_blanks_and_the_same_words() {
    let mut random = Random(6);
    for _ in 0..ROUNDS {
        let value = random.text(20);
        let folded = sign::trim_all(&value);
        let words: Vec<&str> = value.split_ascii_whitespace().collect();
        assert_eq!(folded, words.join(" "));
        assert_eq!(sign::trim_all(&folded), folded);
    }
}
