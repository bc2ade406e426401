//! Which way a request goes: straight to its origin, or through a proxy. Pure.

use std::fmt;
use std::sync::Arc;

use super::basic_auth;
use crate::error::{Error, ErrorKind, Result};

/// The server that a request is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Whether requests are encrypted.
    pub https: bool,
    /// Host, with the port if it is not the scheme's own.
    pub authority: String,
}

impl Origin {
    /// The host without brackets, and the port.
    #[must_use]
    pub fn host_and_port(&self) -> (&str, u16) {
        split_port(&self.authority, if self.https { 443 } else { 80 })
    }
}

/// An origin and the way to it; connections are kept for each.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Route {
    /// The server.
    pub origin: Origin,
    /// What stands between.
    pub proxy: Option<Arc<ProxyServer>>,
}

impl Route {
    /// A route without a proxy.
    #[must_use]
    pub fn direct(origin: Origin) -> Self {
        Self {
            origin,
            proxy: None,
        }
    }
}

/// An HTTP proxy.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ProxyServer {
    /// Whether the connection to the proxy itself is encrypted.
    pub(super) https: bool,
    pub(super) host: String,
    pub(super) port: u16,
    /// The value of `Proxy-Authorization`.
    pub(super) authorization: Option<String>,
}

impl fmt::Debug for ProxyServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyServer")
            .field("https", &self.https)
            .field("host", &self.host)
            .field("port", &self.port)
            .field(
                "authorization",
                &self.authorization.as_ref().map(|_| "[REDACTED]"),
            )
            .finish()
    }
}

impl ProxyServer {
    /// Parses `http://user:password@host:port` or `https://…`; the scheme and the user may be left
    /// out. Fails with `ERR_S3_INVALID_PROXY`.
    pub fn parse(url: &str) -> Result<Self> {
        let invalid =
            |why: &'static str| Error::new(ErrorKind::InvalidInput, "ERR_S3_INVALID_PROXY", why);
        let (https, rest) = match url.split_once("://") {
            None => (false, url),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some(_) => return Err(invalid("the proxy must be an http:// or https:// URL")),
        };
        let rest = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (user, authority) = match rest.rsplit_once('@') {
            Some((user, authority)) => (Some(user), authority),
            None => (None, rest),
        };
        let (host, port) = split_port(authority, if https { 443 } else { 80 });
        let valid = !host.is_empty()
            && host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte));
        if !valid {
            return Err(invalid("the proxy is not a valid URL"));
        }
        Ok(Self {
            https,
            host: host.to_ascii_lowercase(),
            port,
            authorization: user.map(basic_auth::authorization),
        })
    }
}

/// Which requests go through a proxy.
///
/// ```
/// use s3_valkey::net::http::ProxySettings;
/// let settings = ProxySettings::from_env(|name| match name {
///     "HTTPS_PROXY" => Some("http://proxy:3128".into()),
///     "NO_PROXY" => Some("localhost, .internal".into()),
///     _ => None,
/// });
/// assert!(settings.is_ok());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProxySettings {
    http: Option<Arc<ProxyServer>>,
    https: Option<Arc<ProxyServer>>,
    exceptions: Vec<String>,
}

impl ProxySettings {
    /// All requests go through this proxy.
    pub fn all(url: &str) -> Result<Self> {
        let proxy = Some(Arc::new(ProxyServer::parse(url)?));
        Ok(Self {
            http: proxy.clone(),
            https: proxy,
            exceptions: Vec::new(),
        })
    }

    /// Reads `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` for what neither names, and `NO_PROXY`; the
    /// names in lower case win.
    pub fn from_env(lookup: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let variable = |name: &str| {
            lookup(&name.to_ascii_lowercase())
                .or_else(|| lookup(name))
                .filter(|value| !value.is_empty())
        };
        let proxy = |name: &str| {
            variable(name)
                .or_else(|| variable("ALL_PROXY"))
                .map(|url| ProxyServer::parse(&url).map(Arc::new))
                .transpose()
        };
        Ok(Self {
            http: proxy("HTTP_PROXY")?,
            https: proxy("HTTPS_PROXY")?,
            exceptions: variable("NO_PROXY")
                .unwrap_or_default()
                .split([',', ' '])
                .map(|rule| rule.trim().to_ascii_lowercase())
                .filter(|rule| !rule.is_empty())
                .collect(),
        })
    }

    /// The route to an origin.
    #[must_use]
    pub fn route(&self, origin: Origin) -> Route {
        let proxy = if origin.https {
            &self.https
        } else {
            &self.http
        };
        let proxy = proxy.clone().filter(|_| !self.excepts(&origin));
        Route { origin, proxy }
    }

    /// A rule is `*`, a host with all below it, or either with a port.
    fn excepts(&self, origin: &Origin) -> bool {
        let (host, port) = origin.host_and_port();
        self.exceptions.iter().any(|rule| {
            let (name, only) = split_port(rule, port);
            let name = name.trim_start_matches("*.").trim_start_matches('.');
            only == port
                && (name == "*"
                    || host
                        .strip_suffix(name)
                        .is_some_and(|above| above.is_empty() || above.ends_with('.')))
        })
    }
}

/// The host without brackets, and its port.
fn split_port(authority: &str, default: u16) -> (&str, u16) {
    let (host, port) = match authority.rsplit_once(':') {
        // Several colons outside brackets are an IPv6 address alone.
        Some((host, port)) if host.ends_with(']') || !host.contains(':') => {
            (host, port.parse().unwrap_or(default))
        }
        _ => (authority, default),
    };
    (host.trim_start_matches('[').trim_end_matches(']'), port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(url: &str) -> Origin {
        let (scheme, authority) = url.split_once("://").unwrap();
        Origin {
            https: scheme == "https",
            authority: authority.into(),
        }
    }

    #[test]
    fn proxies() {
        let proxy = ProxyServer::parse("http://us%40er:p%3Ass@Proxy:3128/").unwrap();
        assert_eq!((proxy.host.as_str(), proxy.port), ("proxy", 3128));
        assert_eq!(
            proxy.authorization.as_deref(),
            Some("Basic dXNAZXI6cDpzcw==")
        );
        assert!(!format!("{proxy:?}").contains("dXNAZXI6"));
        assert!(!proxy.https);
        assert_eq!(ProxyServer::parse("proxy").unwrap().port, 80);
        let encrypted = ProxyServer::parse("HTTPS://u@proxy").unwrap();
        assert!(encrypted.https && encrypted.port == 443);
        assert_eq!(ProxyServer::parse("[::1]:8080").unwrap().host, "::1");
        for url in ["socks5://proxy", "http://", "http://a b", "a\r\nb"] {
            assert_eq!(
                ProxyServer::parse(url).unwrap_err().code(),
                "ERR_S3_INVALID_PROXY",
                "{url}"
            );
        }
    }

    #[test]
    fn exceptions() {
        let settings = ProxySettings::from_env(|name| match name {
            "http_proxy" => Some("lower".into()),
            "HTTP_PROXY" | "HTTPS_PROXY" => Some("upper".into()),
            "NO_PROXY" => Some("localhost,.internal, *.corp  only.port:8080 10.0.0.1,::1".into()),
            _ => None,
        })
        .unwrap();
        let proxy = |url| {
            settings
                .route(origin(url))
                .proxy
                .map(|proxy| proxy.host.clone())
        };
        assert_eq!(proxy("http://s3.example.com").as_deref(), Some("lower"));
        assert_eq!(proxy("https://s3.example.com").as_deref(), Some("upper"));
        assert_eq!(proxy("http://only.port:80").as_deref(), Some("lower"));
        assert_eq!(proxy("http://notlocalhost").as_deref(), Some("lower"));
        for url in [
            "http://localhost:9000",
            "https://s3.internal",
            "https://internal",
            "http://a.corp",
            "http://only.port:8080",
            "http://10.0.0.1:9000",
            "http://[::1]:9000",
        ] {
            assert_eq!(proxy(url), None, "{url}");
        }
        let rest = ProxySettings::from_env(|name| match name {
            "ALL_PROXY" => Some("all".into()),
            "HTTPS_PROXY" => Some("https".into()),
            _ => None,
        })
        .unwrap();
        let host = |url| {
            rest.route(origin(url))
                .proxy
                .map(|proxy| proxy.host.clone())
        };
        assert_eq!(host("http://x").as_deref(), Some("all"));
        assert_eq!(host("https://x").as_deref(), Some("https"));
        let all = ProxySettings {
            exceptions: vec!["*".into()],
            ..ProxySettings::all("p").unwrap()
        };
        assert_eq!(all.route(origin("http://x")).proxy, None);
    }
}
