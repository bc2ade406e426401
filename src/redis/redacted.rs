//! Targets as text that may be shown. Pure.

use std::fmt;

use super::config::{Address, Target};

impl fmt::Display for Target {
    /// The URL, with `***` for the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.protocol.is_tls(), self.protocol.is_unix()) {
            (false, false) => "redis://",
            (true, false) => "rediss://",
            (false, true) => "redis+unix://",
            (true, true) => "redis+tls+unix://",
        })?;
        match &self.address {
            Address::Unix(path) => f.write_str(path),
            address @ Address::Host { .. } => {
                if !self.username.is_empty() || !self.password.is_empty() {
                    let secret = if self.password.is_empty() { "" } else { ":***" };
                    write!(f, "{}{secret}@", self.username)?;
                }
                write!(f, "{address}")?;
                if self.database > 0 {
                    write!(f, "/{}", self.database)?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::url::parse;

    #[test]
    fn the_password_is_hidden_and_the_rest_is_shown() {
        for (url, shown) in [
            ("redis://h", "redis://h:6379"),
            ("user:hunter2@h:1/3", "redis://user:***@h:1/3"),
            ("rediss://:hunter2@[::1]", "rediss://:***@[::1]:6379"),
            ("redis://user@h", "redis://user@h:6379"),
            ("redis+tls+unix:///run/s", "redis+tls+unix:///run/s"),
        ] {
            assert_eq!(parse(url).unwrap().to_string(), shown);
        }
    }
}
