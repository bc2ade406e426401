//! Connection URLs, parsed as Bun does.

use super::config::{Address, Protocol, Target};
use crate::error::{Error, ErrorKind, Result};

pub(super) const DEFAULT_PORT: u16 = 6379;
const MAX_LENGTH: usize = 2048;

/// Parses `scheme://user:password@host:port/database`, or a Unix socket URL such as
/// `redis+unix:///run/redis.sock`. Text without `://` is taken as what follows `valkey://`.
///
/// ```
/// let target = s3_valkey::redis::url::parse("redis://:secret@cache:6380/2").unwrap();
/// assert_eq!((target.database, target.password.as_str()), (2, "secret"));
/// ```
///
/// Fails with `ERR_INVALID_ARG_TYPE` for a URL that cannot be used, and with an empty code for an
/// unknown scheme, as Bun does.
pub fn parse(url: &str) -> Result<Target> {
    parse_with(url, DEFAULT_PORT)
}

/// Like [`parse`], with another port for a URL that names none.
pub(super) fn parse_with(url: &str, default_port: u16) -> Result<Target> {
    let with_scheme;
    let url = if url.contains("://") {
        url
    } else {
        if url.is_empty() {
            return Err(invalid("Invalid URL format"));
        }
        with_scheme = format!("valkey://{url}");
        if with_scheme.len() > MAX_LENGTH {
            return Err(invalid("URL is too long."));
        }
        &with_scheme
    };
    // As in any URL: blanks around it and line ends within it do not count.
    let url = url
        .trim_matches(|letter: char| letter <= ' ')
        .replace(['\t', '\r', '\n'], "");
    let (scheme, rest) = url
        .split_once("://")
        .ok_or_else(|| invalid("Invalid URL format"))?;
    let valid_scheme = !scheme.is_empty()
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if !valid_scheme {
        return Err(invalid("Invalid URL format"));
    }
    let protocol = Protocol::from_scheme(scheme).ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidInput,
            "",
            "Expected url protocol to be one of redis, valkey, rediss, valkeys, redis+tls, redis+unix, redis+tls+unix",
        )
    })?;
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    if protocol.is_unix() {
        return unix(protocol, rest);
    }
    let (authority, path) = match rest.split_once('/') {
        Some((authority, path)) => (authority, path),
        None => (rest, ""),
    };
    // A password may hold a raw `@`: the last one ends the user information.
    let (user_info, host_port) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (username, password) = user_info.split_once(':').unwrap_or((user_info, ""));
    if host_port.is_empty() && !authority.is_empty() {
        return Err(invalid("Invalid URL format"));
    }
    let (host, port) = host_and_port(host_port, default_port)?;
    Ok(Target {
        protocol,
        address: Address::Host { host, port },
        username: percent_decode(username),
        password: percent_decode(password),
        database: database(path)?,
    })
}

fn unix(protocol: Protocol, rest: &str) -> Result<Target> {
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err(invalid("Invalid URL format"));
    }
    if path.is_empty() {
        return Err(invalid(
            "Expected unix socket path after valkey+unix:// or valkey+tls+unix://",
        ));
    }
    Ok(Target {
        protocol,
        address: Address::Unix(path.to_owned()),
        username: String::new(),
        password: String::new(),
        database: 0,
    })
}

fn host_and_port(text: &str, default_port: u16) -> Result<(String, u16)> {
    let (host, port) = if let Some(bracketed) = text.strip_prefix('[') {
        let (host, after) = bracketed
            .split_once(']')
            .ok_or_else(|| invalid("Invalid URL format"))?;
        if host.parse::<std::net::Ipv6Addr>().is_err() {
            return Err(invalid("Invalid URL format"));
        }
        match after.strip_prefix(':') {
            Some(port) => (host, port),
            None if after.is_empty() => (host, ""),
            None => return Err(invalid("Invalid URL format")),
        }
    } else {
        let (host, port) = text.split_once(':').unwrap_or((text, ""));
        if host.contains(is_forbidden_in_host) || (host.is_empty() && !text.is_empty()) {
            return Err(invalid("Invalid URL format"));
        }
        (host, port)
    };
    let port = match port {
        "" => default_port,
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().map_err(|_| invalid("Invalid URL format"))?
        }
        _ => return Err(invalid("Invalid URL format")),
    };
    if port == 0 {
        return Err(invalid("Port 0 is not valid for TCP connections"));
    }
    Ok((host.to_owned(), port))
}

fn is_forbidden_in_host(letter: char) -> bool {
    letter == '\0' || " #/:<>?@[\\]^|".contains(letter)
}

fn database(path: &str) -> Result<u32> {
    if path.is_empty() {
        return Ok(0);
    }
    if path.bytes().all(|byte| byte.is_ascii_digit())
        && let Ok(database) = path.parse()
    {
        return Ok(database);
    }
    Err(invalid(format!(
        "Invalid database number in Redis URL: \"{path}\""
    )))
}

/// Malformed escapes are kept as they are.
fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut position = 0;
    while position < bytes.len() {
        let escape = bytes
            .get(position + 1..position + 3)
            .filter(|_| bytes[position] == b'%')
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(byte) = escape {
            out.push(byte);
            position += 3;
        } else {
            out.push(bytes[position]);
            position += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidInput, "ERR_INVALID_ARG_TYPE", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(url: &str) -> (String, u16) {
        match parse(url).unwrap().address {
            Address::Host { host, port } => (host, port),
            Address::Unix(_) => panic!("{url} is no Unix URL"),
        }
    }

    #[test]
    fn hosts_and_ports() {
        assert_eq!(host("redis://h"), ("h".into(), 6379));
        assert_eq!(host("h:7000"), ("h".into(), 7000));
        assert_eq!(host("user:pw@h:7000/3"), ("h".into(), 7000));
        assert_eq!(host("rediss://[::1]:6380"), ("::1".into(), 6380));
        assert_eq!(host("redis://[::1]"), ("::1".into(), 6379));
        assert_eq!(host(" redis://h:7000\n"), ("h".into(), 7000));
    }

    #[test]
    fn credentials_are_percent_decoded_and_may_hold_an_at_sign() {
        let target = parse("redis://us%40er:p@ss%zz%C3%BC@h").unwrap();
        assert_eq!(target.username, "us@er");
        assert_eq!(target.password, "p@ss%zzü");
        assert_eq!(parse("redis://:pw@h").unwrap().password, "pw");
    }

    #[test]
    fn databases() {
        assert_eq!(parse("redis://h/7?db=4#x").unwrap().database, 7);
        assert_eq!(parse("redis://h/").unwrap().database, 0);
        for path in ["abc", "-1", "1/2", "/5", "%31", "4294967296", "+2", "1_0"] {
            let error = parse(&format!("redis://h/{path}")).unwrap_err();
            assert_eq!(error.code(), "ERR_INVALID_ARG_TYPE");
            assert_eq!(
                error.message(),
                format!("Invalid database number in Redis URL: \"{path}\"")
            );
        }
    }

    #[test]
    fn unix_sockets() {
        let target = parse("redis+unix:///run/r%20s.sock?x=1").unwrap();
        assert_eq!(target.address, Address::Unix("/run/r%20s.sock".into()));
        assert!(parse("redis+unix://").is_err());
        assert!(parse("redis+unix://run").is_err());
        assert!(parse("redis+unix://u:p@/run/s").is_err());
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for url in [
            "",
            "://h",
            "redis://h:x",
            "redis://h:65536",
            "redis://[::1",
            "redis://:1",
            "redis://user@",
            "redis://a b",
            "redis://a\0b",
        ] {
            assert_eq!(
                parse(url).unwrap_err().message(),
                "Invalid URL format",
                "{url}"
            );
        }
        assert_eq!(
            parse("redis://h:0").unwrap_err().message(),
            "Port 0 is not valid for TCP connections"
        );
        assert_eq!(parse("http://h").unwrap_err().code(), "");
    }
}
