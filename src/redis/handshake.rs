//! The first exchange on a connection: HELLO 3 with credentials, then SELECT. Pure.
//!
//! Source: <https://redis.io/docs/latest/commands/hello/>

use bytes::{Bytes, BytesMut};

use super::config::Target;
use super::resp::decode::{Item, Reader, lossy};
use super::resp::encode;
use crate::error::{Error, ErrorKind};

/// What to do after a reply of the handshake.
#[derive(Debug)]
pub enum Step {
    /// The server accepted HELLO; its reply, a whole frame. The SELECT reply is still to come.
    Greeted(Bytes),
    /// The server accepted HELLO and there is nothing more to wait for.
    GreetedAndDone(Bytes),
    /// The server accepted SELECT too: commands may be sent.
    Done,
    /// The server refused; the connection must be closed and is not tried again.
    Refused(Error),
}

/// The handshake of one connection.
#[derive(Debug)]
pub struct Handshake {
    selects: bool,
    greeted: bool,
}

impl Handshake {
    /// Starts a handshake; the bytes are to be sent at once.
    #[must_use]
    pub fn start(target: &Target) -> (Self, BytesMut) {
        let mut bytes = BytesMut::new();
        if target.username.is_empty() && target.password.is_empty() {
            encode::command(&mut bytes, &[b"HELLO", b"3"]);
        } else {
            let user = if target.username.is_empty() {
                "default"
            } else {
                &target.username
            };
            let arguments: [&[u8]; 5] = [
                b"HELLO",
                b"3",
                b"AUTH",
                user.as_bytes(),
                target.password.as_bytes(),
            ];
            encode::command(&mut bytes, &arguments);
        }
        let selects = target.database > 0;
        if selects {
            let database = target.database.to_string();
            encode::command(&mut bytes, &[b"SELECT", database.as_bytes()]);
        }
        let handshake = Self {
            selects,
            greeted: false,
        };
        (handshake, bytes)
    }

    /// Takes the next whole reply.
    pub fn reply(&mut self, frame: Bytes) -> Step {
        if self.greeted {
            return Self::selected(&frame);
        }
        match Reader::new(&frame).item() {
            Some(Item::Error(b"")) => Step::Refused(refused(
                "ERR_REDIS_AUTHENTICATION_FAILED",
                "Valkey error: AuthenticationFailed".into(),
            )),
            Some(Item::Error(text)) => {
                Step::Refused(refused("ERR_REDIS_AUTHENTICATION_FAILED", lossy(text)))
            }
            Some(Item::Simple(b"OK") | Item::Map(_)) => {
                self.greeted = true;
                if self.selects {
                    Step::Greeted(frame)
                } else {
                    Step::GreetedAndDone(frame)
                }
            }
            Some(Item::Simple(_)) => Step::Refused(refused(
                "ERR_REDIS_AUTHENTICATION_FAILED",
                "Authentication failed (unexpected response)".into(),
            )),
            _ => Step::Refused(refused(
                "ERR_REDIS_AUTHENTICATION_FAILED",
                "Authentication failed with unexpected response".into(),
            )),
        }
    }

    fn selected(frame: &[u8]) -> Step {
        match Reader::new(frame).item() {
            Some(Item::Simple(b"OK")) => Step::Done,
            Some(Item::Error(text)) => {
                Step::Refused(refused("ERR_REDIS_INVALID_COMMAND", lossy(text)))
            }
            Some(Item::Simple(_)) => Step::Refused(refused(
                "ERR_REDIS_INVALID_RESPONSE",
                "SELECT command failed with non-OK response".into(),
            )),
            _ => Step::Refused(refused(
                "ERR_REDIS_INVALID_RESPONSE",
                "Received non-SELECT response while in the SELECT state.".into(),
            )),
        }
    }
}

fn refused(code: &'static str, message: std::borrow::Cow<'_, str>) -> Error {
    let kind = match code {
        "ERR_REDIS_AUTHENTICATION_FAILED" => ErrorKind::Credentials,
        _ => ErrorKind::Server,
    };
    Error::new(kind, code, message.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis::url::parse;

    fn sent(url: &str) -> String {
        let (_, bytes) = Handshake::start(&parse(url).unwrap());
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    fn start(url: &str) -> Handshake {
        Handshake::start(&parse(url).unwrap()).0
    }

    #[test]
    fn credentials_and_database_go_out_together() {
        assert_eq!(sent("redis://h"), "*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n");
        assert!(sent("redis://:pw@h").contains("$7\r\ndefault\r\n$2\r\npw\r\n"));
        assert!(sent("redis://u@h").contains("$1\r\nu\r\n$0\r\n\r\n"));
        assert!(sent("redis://h/5").ends_with("*2\r\n$6\r\nSELECT\r\n$1\r\n5\r\n"));
    }

    #[test]
    fn a_map_or_ok_is_a_greeting() {
        for reply in [&b"%0\r\n"[..], b"+OK\r\n"] {
            let step = start("redis://h").reply(Bytes::copy_from_slice(reply));
            assert!(matches!(step, Step::GreetedAndDone(_)));
        }
    }

    #[test]
    fn select_is_awaited() {
        let mut handshake = start("redis://h/1");
        assert!(matches!(handshake.reply("%0\r\n".into()), Step::Greeted(_)));
        assert!(matches!(handshake.reply("+OK\r\n".into()), Step::Done));
    }

    #[test]
    fn refusals_carry_the_servers_text_and_a_code() {
        let refusal = |greeting: &'static str, selection: Option<&'static str>| {
            let mut handshake = start("redis://h/1");
            let mut step = handshake.reply(greeting.into());
            if let Some(selection) = selection {
                step = handshake.reply(selection.into());
            }
            match step {
                Step::Refused(error) => (error.code().to_owned(), error.message().to_owned()),
                step => panic!("{step:?}"),
            }
        };
        let authentication = "ERR_REDIS_AUTHENTICATION_FAILED".to_owned();
        assert_eq!(
            refusal("-WRONGPASS no\r\n", None),
            (authentication.clone(), "WRONGPASS no".into())
        );
        assert_eq!(
            refusal("+HI\r\n", None).1,
            "Authentication failed (unexpected response)"
        );
        assert_eq!(
            refusal("*0\r\n", None).1,
            "Authentication failed with unexpected response"
        );
        assert_eq!(
            refusal("%0\r\n", Some("-ERR DB index is out of range\r\n")),
            (
                "ERR_REDIS_INVALID_COMMAND".into(),
                "ERR DB index is out of range".into()
            )
        );
        assert_eq!(
            refusal("%0\r\n", Some("+NO\r\n")).1,
            "SELECT command failed with non-OK response"
        );
    }
}
