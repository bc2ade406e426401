//! Heads of requests and responses, written and parsed. Pure.

use std::mem::MaybeUninit;
use std::ops::Range;

use memchr::memchr_iter;

use super::malformed;
use super::proxy::Route;
use crate::error::{Error, ErrorKind, Result};

/// Longest head of a response, in bytes.
pub(super) const MAX_HEAD: usize = u16::MAX as usize;
const MAX_HEADERS: usize = 128;

/// The head of a request, ready to be written.
#[derive(Debug, Clone)]
pub struct RequestHead {
    pub(super) bytes: Vec<u8>,
    pub(super) is_head: bool,
}

impl RequestHead {
    /// Begins a head. The target is a path with its query, percent-encoded.
    pub fn new(method: &str, route: &Route, target: &str) -> Result<Self> {
        if target.bytes().any(|byte| byte <= b' ' || byte >= 0x7f) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "ERR_INVALID_URL",
                "the target of a request must be percent-encoded",
            ));
        }
        let mut bytes = Vec::with_capacity(768);
        bytes.extend_from_slice(method.as_bytes());
        bytes.push(b' ');
        // A proxy that forwards must be told where to; behind a tunnel it is not seen.
        let forwarded = route.proxy.as_ref().filter(|_| !route.origin.https);
        if forwarded.is_some() {
            bytes.extend_from_slice(b"http://");
            bytes.extend_from_slice(route.origin.authority.as_bytes());
        }
        bytes.extend_from_slice(target.as_bytes());
        bytes.extend_from_slice(b" HTTP/1.1\r\n");
        let mut head = Self {
            bytes,
            is_head: method == "HEAD",
        };
        if let Some(authorization) = forwarded.and_then(|proxy| proxy.authorization.as_deref()) {
            head.header("proxy-authorization", authorization)?;
        }
        Ok(head)
    }

    /// Adds a header. Fails when the value would end its line.
    pub fn header(&mut self, name: &str, value: &str) -> Result<()> {
        if value
            .bytes()
            .any(|byte| byte < 0x20 && byte != b'\t' || byte == 0x7f)
        {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "ERR_INVALID_HEADER",
                format!("the header {name} must not contain control characters"),
            ));
        }
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(b": ");
        self.bytes.extend_from_slice(value.as_bytes());
        self.bytes.extend_from_slice(b"\r\n");
        Ok(())
    }

    /// The head with the empty line that ends it.
    pub(super) fn finish(mut self) -> Self {
        self.bytes.extend_from_slice(b"\r\n");
        self
    }
}

/// The headers of a response, as they came.
#[derive(Debug, Clone, Default)]
pub struct Headers {
    text: Box<[u8]>,
    fields: Vec<(Range<u16>, Range<u16>)>,
}

impl Headers {
    /// The first value of a header as text; `None` also when it is not UTF-8.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All values of a header that are UTF-8.
    pub(super) fn all<'a, 'b: 'a>(&'b self, name: &'a str) -> impl Iterator<Item = &'b str> + 'a {
        self.fields
            .iter()
            .filter(|(key, _)| self.slice(key).eq_ignore_ascii_case(name.as_bytes()))
            .filter_map(|(_, value)| std::str::from_utf8(self.slice(value)).ok())
    }

    fn slice(&self, range: &Range<u16>) -> &[u8] {
        &self.text[usize::from(range.start)..usize::from(range.end)]
    }

    /// Whether a header is a list that has this element.
    pub(super) fn lists(&self, name: &str, element: &str) -> bool {
        self.all(name)
            .flat_map(|value| value.split(','))
            .any(|item| item.trim().eq_ignore_ascii_case(element))
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Headers {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(headers: I) -> Self {
        let mut text = b"HTTP/1.1 200 OK\r\n".to_vec();
        for (name, value) in headers {
            text.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        text.extend_from_slice(b"\r\n");
        ResponseHead::parse(&text).map_or_else(|_| Self::default(), |head| head.headers)
    }
}

/// The head of a response.
#[derive(Debug)]
pub(super) struct ResponseHead {
    pub status: u16,
    pub headers: Headers,
    /// Whether the connection may serve another request.
    pub keep_alive: bool,
}

impl ResponseHead {
    /// Parses a head, which ends with its empty line.
    pub(super) fn parse(text: &[u8]) -> Result<Self> {
        let mut slots = [const { MaybeUninit::uninit() }; MAX_HEADERS];
        let mut parsed = httparse::Response::new(&mut []);
        let outcome = httparse::ParserConfig::default().parse_response_with_uninit_headers(
            &mut parsed,
            text,
            &mut slots,
        );
        let (Ok(httparse::Status::Complete(_)), Some(status)) = (outcome, parsed.code) else {
            return Err(malformed("the peer's answer is not HTTP"));
        };
        let start = text.as_ptr() as usize;
        let range = |part: &[u8]| {
            let at = part.as_ptr() as usize - start;
            let end = at + part.len();
            // Fields lie within the head, which is shorter than 64 KiB.
            u16::try_from(at).unwrap_or_default()..u16::try_from(end).unwrap_or_default()
        };
        let fields = parsed
            .headers
            .iter()
            .map(|field| (range(field.name.as_bytes()), range(field.value)))
            .collect();
        let headers = Headers {
            fields,
            text: text.into(),
        };
        Ok(Self {
            status,
            keep_alive: parsed.version == Some(1) && !headers.lists("connection", "close"),
            headers,
        })
    }
}

/// Where the head ends that `text` begins with; `scanned` bytes have been looked at before.
pub(super) fn end_of_head(text: &[u8], scanned: usize) -> Option<usize> {
    let from = scanned.saturating_sub(3);
    memchr_iter(b'\n', &text[from..]).find_map(|at| match &text[from + at + 1..] {
        [b'\n', ..] => Some(from + at + 2),
        [b'\r', b'\n', ..] => Some(from + at + 3),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::proxy::{Origin, ProxyServer};
    use super::*;

    #[test]
    fn a_head_is_found_whatever_the_pieces() {
        let text = b"HTTP/1.1 200 OK\r\nETag: \"e\"\r\nConnection: Foo, Close\r\n\r\nbody";
        let end = text.len() - 4;
        for scanned in 0..end {
            let found = end_of_head(&text[..scanned], 0);
            assert_eq!(found, None, "{scanned}");
            assert_eq!(end_of_head(text, scanned), Some(end), "{scanned}");
        }
        let head = ResponseHead::parse(&text[..end]).unwrap();
        assert_eq!(head.headers.get("etag"), Some("\"e\""));
        assert_eq!(head.headers.get("etags"), None);
        assert!(!head.keep_alive);
        assert_eq!(end_of_head(b"HTTP/1.0 200\n\nx", 0), Some(14));
        assert!(
            !ResponseHead::parse(b"HTTP/1.0 200 OK\r\n\r\n")
                .unwrap()
                .keep_alive
        );
    }

    #[test]
    fn what_is_not_http_is_refused() {
        let many = format!(
            "HTTP/1.1 200 OK\r\n{}\r\n",
            "a: b\r\n".repeat(MAX_HEADERS + 1)
        );
        for text in [
            "SSH-2.0\r\n\r\n",
            "HTTP/1.1 abc\r\n\r\n",
            "HTTP/1.1 200 OK\r\na\0: b\r\n\r\n",
            &many,
        ] {
            assert!(ResponseHead::parse(text.as_bytes()).is_err(), "{text:.30}");
        }
    }

    #[test]
    fn no_header_ends_its_line() {
        let route = Route::direct(Origin {
            https: false,
            authority: "h".into(),
        });
        let mut head = RequestHead::new("GET", &route, "/a%20b?c=").unwrap();
        for value in ["a\r\nb", "a\nb", "a\0", "\u{7f}"] {
            assert_eq!(
                head.header("x", value).unwrap_err().code(),
                "ERR_INVALID_HEADER"
            );
        }
        head.header("x", "é\t1").unwrap();
        assert_eq!(
            head.finish().bytes,
            "GET /a%20b?c= HTTP/1.1\r\nx: é\t1\r\n\r\n".as_bytes()
        );
        for target in ["/a b", "/a\r\nb", "/é"] {
            assert!(RequestHead::new("GET", &route, target).is_err());
        }
    }

    #[test]
    fn a_forwarding_proxy_is_told_the_host() {
        let proxy = ProxyServer::parse("http://u:p@proxy:3128").unwrap();
        let route = |https| Route {
            origin: Origin {
                https,
                authority: "h:1".into(),
            },
            proxy: Some(proxy.clone().into()),
        };
        let plain = RequestHead::new("GET", &route(false), "/k").unwrap().bytes;
        assert_eq!(
            String::from_utf8(plain).unwrap(),
            "GET http://h:1/k HTTP/1.1\r\nproxy-authorization: Basic dTpw\r\n"
        );
        assert_eq!(
            RequestHead::new("GET", &route(true), "/k").unwrap().bytes,
            b"GET /k HTTP/1.1\r\n"
        );
    }
}
