//! Heads of requests and headers of responses. Pure.

use std::borrow::Cow;

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Uri};

use super::body::Body;
use super::proxy::Route;
use crate::error::{Error, ErrorKind, Result};

/// The head of a request.
#[derive(Debug)]
pub struct RequestHead {
    method: Method,
    target: Uri,
    headers: HeaderMap,
}

impl RequestHead {
    /// Begins a head. The target is a path with its query, percent-encoded.
    pub fn new(method: &str, route: &Route, target: &str) -> Result<Self> {
        let invalid = || {
            Error::new(
                ErrorKind::InvalidInput,
                "ERR_INVALID_URL",
                "the target of a request must be percent-encoded",
            )
        };
        if target.bytes().any(|byte| byte <= b' ' || byte >= 0x7f) {
            return Err(invalid());
        }
        // A proxy that forwards must be told where to; behind a tunnel it is not seen.
        let forwarded = route.proxy.as_ref().filter(|_| !route.origin.https);
        let target = if forwarded.is_some() {
            Uri::try_from(format!("http://{}{target}", route.origin.authority))
        } else {
            Uri::try_from(target)
        };
        let mut head = Self {
            method: Method::from_bytes(method.as_bytes()).map_err(|_| invalid())?,
            target: target.map_err(|_| invalid())?,
            headers: HeaderMap::with_capacity(12),
        };
        if let Some(authorization) = forwarded.and_then(|proxy| proxy.authorization.as_deref()) {
            head.header("proxy-authorization", authorization)?;
        }
        Ok(head)
    }

    /// Adds a header, whose name is in lower case. Fails when the value would end its line.
    pub fn header(&mut self, name: &str, value: &str) -> Result<()> {
        let header = header_name(name).zip(HeaderValue::from_bytes(value.as_bytes()).ok());
        let Some((key, value)) = header else {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "ERR_INVALID_HEADER",
                format!("the header {name} must not contain control characters"),
            ));
        };
        self.headers.append(key, value);
        Ok(())
    }

    /// Adds a header whose value is always the same.
    pub fn constant(&mut self, name: &'static str, value: &'static str) {
        let value = HeaderValue::from_static(value);
        self.headers.append(HeaderName::from_static(name), value);
    }

    /// A request with this head.
    pub(super) fn request(self, body: Body) -> Request<Body> {
        let mut request = Request::new(body);
        *request.method_mut() = self.method;
        *request.uri_mut() = self.target;
        *request.headers_mut() = self.headers;
        request
    }
}

/// The names that nearly every request has are not made anew.
fn header_name(name: &str) -> Option<HeaderName> {
    const DATE: HeaderName = HeaderName::from_static("x-amz-date");
    const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");
    match name {
        "x-amz-date" => Some(DATE),
        "x-amz-security-token" => Some(TOKEN),
        _ => HeaderName::from_bytes(name.as_bytes()).ok(),
    }
}

/// The headers of a response.
#[derive(Debug, Clone, Default)]
pub struct Headers(pub(super) HeaderMap);

impl Headers {
    /// The first value of a header as text; `None` also when it is not UTF-8.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.0.get(name)?.as_bytes()).ok()
    }
}

impl Headers {
    /// All headers: names in lower case, and values as text. Bytes that are not UTF-8 count as
    /// Latin-1.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        self.0.iter().map(|(name, value)| {
            let text = match std::str::from_utf8(value.as_bytes()) {
                Ok(text) => text.into(),
                Err(_) => value.as_bytes().iter().copied().map(char::from).collect(),
            };
            (name.as_str(), text)
        })
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Headers {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(headers: I) -> Self {
        let valid = headers.into_iter().filter_map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_bytes(value.as_bytes()).ok()?))
        });
        Self(valid.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::proxy::{Origin, ProxyServer};
    use super::*;

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
        let request = head.request(Body::new(&[]));
        assert_eq!(request.uri(), "/a%20b?c=");
        assert_eq!(request.headers()["x"].as_bytes(), "é\t1".as_bytes());
        for target in ["/a b", "/a\r\nb", "/é"] {
            assert!(RequestHead::new("GET", &route, target).is_err());
        }
    }

    #[test]
    fn odd_targets_stay_as_they_are() {
        let route = Route::direct(Origin {
            https: true,
            authority: "h".into(),
        });
        for target in ["//b/k", "/b/../k", "/b/./k", "/b/%2F%2f/", "/b?x=%20&y"] {
            let head = RequestHead::new("GET", &route, target).unwrap();
            assert_eq!(head.request(Body::new(&[])).uri(), target);
        }
    }

    #[test]
    fn a_forwarding_proxy_is_told_the_host() {
        let proxy = ProxyServer::parse("http://u:p@proxy:3128").unwrap();
        let request = |https| {
            let route = Route {
                origin: Origin {
                    https,
                    authority: "h:1".into(),
                },
                proxy: Some(proxy.clone().into()),
            };
            let head = RequestHead::new("GET", &route, "/k").unwrap();
            head.request(Body::new(&[]))
        };
        assert_eq!(request(false).uri(), "http://h:1/k");
        assert_eq!(
            request(false).headers()["proxy-authorization"],
            "Basic dTpw"
        );
        assert_eq!(request(true).uri(), "/k");
        assert!(request(true).headers().is_empty());
    }
}
