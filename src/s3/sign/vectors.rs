//! The published test vectors: AWS's general suite and S3's own examples.
//!
//! The general suite is for services that normalize paths and encode them twice; S3 does neither.
//! What the suite wants beyond [`Signer`] is done here.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{
    Request, Signer, Timestamp, canonical_request, encoded_query, sort_parameters, trim_all,
};
use crate::s3::url::encode_path;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("__test__/vectors")
        .join(name)
}

/// `2015-08-30T12:36:00Z` is the one moment of the suite.
fn suite_time() -> Timestamp {
    Timestamp::from_unix(1_440_938_160)
}

struct Case {
    context: Value,
    method: String,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: String,
    folder: PathBuf,
}

impl Case {
    fn read(folder: PathBuf) -> Self {
        let context: Value =
            serde_json::from_str(&fs::read_to_string(folder.join("context.json")).unwrap())
                .unwrap();
        let request = fs::read_to_string(folder.join("request.txt"))
            .unwrap()
            .replace("\r\n", "\n");
        let (head, body) = request.split_once("\n\n").unwrap_or((&request, ""));
        let mut lines = head.lines();
        let (method, target) = lines.next().unwrap().split_once(' ').unwrap();
        let target = target.rsplit_once(' ').unwrap().0;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines {
            if line.starts_with(' ') {
                let (_, value) = headers.last_mut().unwrap();
                value.push(' ');
                value.push_str(line);
            } else {
                let (name, value) = line.split_once(':').unwrap();
                headers.push((name.to_lowercase(), value.to_owned()));
            }
        }
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query
                .split('&')
                .filter(|part| !part.is_empty())
                .map(|part| part.split_once('=').unwrap_or((part, "")))
                .map(|(name, value)| (decode(name), decode(value)))
                .collect(),
            headers,
            body: body.to_owned(),
            context,
            folder,
        }
    }

    fn expected(&self, file: &str) -> String {
        fs::read_to_string(self.folder.join(file))
            .unwrap()
            .replace("\r\n", "\n")
    }

    fn text(&self, pointer: &str) -> String {
        self.context
            .pointer(pointer)
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn token(&self) -> Option<String> {
        let token = self.context.pointer("/credentials/token")?;
        Some(token.as_str().unwrap().to_owned())
    }

    fn omits_token(&self) -> bool {
        self.context
            .get("omit_session_token")
            .is_some_and(|flag| flag.as_bool() == Some(true))
    }

    fn signer(&self) -> Signer {
        let mut signer = Signer::new(
            self.text("/credentials/access_key_id"),
            self.text("/credentials/secret_access_key"),
            self.text("/region"),
        );
        signer.service = "service";
        signer
    }

    /// The path as the general suite wants it: normalized if asked, and encoded although it may be
    /// encoded already.
    fn canonical_path(&self) -> String {
        let mut path = self.path.clone();
        if self.context["normalize"].as_bool() == Some(true) {
            let mut segments: Vec<&str> = Vec::new();
            for segment in self.path.split('/') {
                match segment {
                    "" | "." => {}
                    ".." => drop(segments.pop()),
                    segment => segments.push(segment),
                }
            }
            path = format!("/{}", segments.join("/"));
            if self.path.ends_with('/') && path.len() > 1 {
                path.push('/');
            }
        }
        let mut encoded = String::new();
        encode_path(&mut encoded, &path);
        encoded
    }

    /// Lower case, sorted, blanks folded, values of one name joined by commas.
    fn canonical_headers(&self, more: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut headers: Vec<(String, String)> = Vec::new();
        let own = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in own.chain(more.iter().copied()) {
            match headers.iter_mut().find(|(known, _)| known == name) {
                Some((_, values)) => {
                    values.push(',');
                    values.push_str(&trim_all(value));
                }
                None => headers.push((name.to_owned(), trim_all(value).into_owned())),
            }
        }
        headers.sort();
        headers
    }

    fn payload(&self) -> String {
        use sha2::{Digest, Sha256};
        let mut hex = String::new();
        super::push_hex(&mut hex, &Sha256::digest(self.body.as_bytes()));
        hex
    }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first == b'%' && after.len() >= 2 {
            let digits = std::str::from_utf8(&after[..2]).unwrap();
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
            rest = &after[2..];
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn query(parameters: &[(String, String)]) -> String {
    let mut parameters: Vec<_> = parameters
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    sort_parameters(&mut parameters);
    encoded_query(&parameters)
}

fn cases() -> Vec<Case> {
    let mut folders: Vec<_> = fs::read_dir(folder("aws-c-auth-v4"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    let cases: Vec<_> = folders.into_iter().map(Case::read).collect();
    assert!(cases.len() >= 38, "the suite is not complete");
    cases
}

#[test]
fn the_general_suite_signed_by_header() {
    for case in cases() {
        let time = suite_time();
        let payload = case.payload();
        let mut more = vec![("x-amz-date", time.as_str())];
        if case.context["sign_body"].as_bool() == Some(true) {
            more.push(("x-amz-content-sha256", &payload));
        }
        let token = case.token().filter(|_| !case.omits_token());
        if let Some(token) = &token {
            more.push(("x-amz-security-token", token));
        }
        let headers = case.canonical_headers(&more);
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let (path, query) = (case.canonical_path(), query(&case.query));
        let request = Request {
            method: &case.method,
            path: &path,
            query: &query,
            headers: &headers,
            payload: &payload,
        };
        let name = case.folder.display();
        assert_eq!(
            canonical_request(&request),
            case.expected("header-canonical-request.txt"),
            "{name}"
        );
        assert_eq!(
            case.signer().signature(&request, time),
            case.expected("header-signature.txt").trim(),
            "{name}"
        );
    }
}

#[test]
fn the_general_suite_signed_by_query() {
    for case in cases() {
        let time = suite_time();
        let headers = case.canonical_headers(&[]);
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let path = case.canonical_path();
        let payload = case.payload();
        let request = Request {
            method: &case.method,
            path: &path,
            query: "",
            headers: &headers,
            payload: &payload,
        };
        let token = case.token().filter(|_| !case.omits_token());
        let mut parameters: Vec<_> = case
            .query
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        if let Some(token) = &token {
            parameters.push(("X-Amz-Security-Token", token));
        }
        let query = case
            .signer()
            .presigned_query(&request, &parameters, 3600, time);
        let signature = case.expected("query-signature.txt");
        assert!(
            query.contains(&format!("X-Amz-Signature={}&", signature.trim())),
            "{}: {query}",
            case.folder.display()
        );
    }
}

#[test]
fn the_examples_of_s3() {
    let vectors: Value =
        serde_json::from_str(&fs::read_to_string(folder("s3-docs-vectors.json")).unwrap()).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let signer = || {
        Signer::new(
            text(&vectors["credentials"]["access_key_id"]),
            text(&vectors["credentials"]["secret_access_key"]),
            text(&vectors["region"]),
        )
    };
    let time = Timestamp::from_unix(1_369_353_600);
    assert_eq!(time.as_str(), text(&vectors["timestamp"]));

    for example in vectors["header_auth"].as_array().unwrap() {
        let mut headers: Vec<(String, String)> = example["headers"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.to_lowercase(), text(value)))
            .collect();
        headers.sort();
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let (method, path, query) = (
            text(&example["method"]),
            text(&example["path"]),
            text(&example["query"]),
        );
        let request = Request {
            method: &method,
            path: &path,
            query: &query,
            headers: &headers,
            payload: example["headers"]["x-amz-content-sha256"].as_str().unwrap(),
        };
        let authorization = signer().authorization(&request, time);
        let expected = format!("Signature={}", text(&example["signature"]));
        assert!(authorization.ends_with(&expected), "{}", example["name"]);
    }

    for example in vectors["query_auth"].as_array().unwrap() {
        let (method, host, path) = (
            text(&example["method"]),
            text(&example["host"]),
            text(&example["path"]),
        );
        let request = Request {
            method: &method,
            path: &path,
            query: "",
            headers: &[("host", &host)],
            payload: super::UNSIGNED_PAYLOAD,
        };
        let token = example["session_token"].as_str();
        let parameters: Vec<_> = token
            .iter()
            .map(|token| ("X-Amz-Security-Token", *token))
            .collect();
        let expires = u32::try_from(example["expires"].as_u64().unwrap()).unwrap();
        let query = signer().presigned_query(&request, &parameters, expires, time);
        let expected = format!("X-Amz-Signature={}&", text(&example["signature"]));
        assert!(query.contains(&expected), "{}: {query}", example["name"]);
    }
}
