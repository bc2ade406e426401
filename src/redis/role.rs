//! What a server is to its data set, as it says itself. Pure.
//!
//! Source: <https://redis.io/docs/latest/commands/role/>

use std::fmt;

use super::resp::decode::{Item, Reader};

/// What a server is to its data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Takes writes.
    Primary,
    /// Follows a primary.
    Replica,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Primary => "primary",
            Self::Replica => "replica",
        })
    }
}

impl Role {
    /// What a reply to `ROLE` tells.
    #[must_use]
    pub fn of_reply(frame: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(frame);
        match reader.item()? {
            Item::Array(1..) => Self::named(reader.text()?),
            _ => None,
        }
    }

    /// What a reply to `HELLO` tells besides.
    #[must_use]
    pub fn of_greeting(frame: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(frame);
        let Some(Item::Map(pairs)) = reader.item() else {
            return None;
        };
        for _ in 0..pairs {
            if reader.text()? == b"role" {
                return Self::named(reader.text()?);
            }
            reader.skip()?;
        }
        None
    }

    fn named(name: &[u8]) -> Option<Self> {
        match name {
            b"master" => Some(Self::Primary),
            b"slave" | b"replica" => Some(Self::Replica),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn role_is_told_by_either_reply() {
        let of = |reply: &str| Role::of_reply(reply.as_bytes());
        assert_eq!(
            of("*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n"),
            Some(Role::Primary)
        );
        assert_eq!(of("*2\r\n$5\r\nslave\r\n:1\r\n"), Some(Role::Replica));
        for other in ["*2\r\n$8\r\nsentinel\r\n*0\r\n", "*0\r\n", "+master\r\n"] {
            assert_eq!(of(other), None, "{other}");
        }
        let hello =
            "%2\r\n$7\r\nmodules\r\n*1\r\n$1\r\nm\r\n$4\r\nrole\r\n$7\r\nreplica\r\n".as_bytes();
        assert_eq!(Role::of_greeting(hello), Some(Role::Replica));
        assert_eq!(Role::of_greeting(b"%1\r\n$1\r\na\r\n:1\r\n"), None);
    }
}
