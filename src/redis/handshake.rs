//! The first exchange on a connection: HELLO 3 with credentials and name, ROLE where that matters,
//! then SELECT. A server that does not know HELLO, or does not allow it, is logged in to with AUTH and speaks RESP2.
//! Pure.
//!
//! Source: <https://redis.io/docs/latest/commands/hello/>

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use super::introduction::{Introduction, Packet, Sent};
use super::lifecycle::passes;
use super::resp::decode::{Item, Reader, lossy};
use super::role::Role;
use super::tracking;
use crate::error::{Error, ErrorKind};

/// The code of the error of a server that is not what it must be.
const WRONG_ROLE: &str = "ERR_REDIS_WRONG_ROLE";

/// What the connection's users are told in the place of a HELLO reply.
const RESP2_GREETING: &[u8] = b"%1\r\n$5\r\nproto\r\n:2\r\n";

/// What to do after a reply of the handshake.
#[derive(Debug)]
pub enum Step {
    /// Wait for the next reply, unless the handshake [is done](Handshake::is_done).
    Next,
    /// Send these bytes, then wait for the next reply.
    Send(BytesMut),
    /// The server accepted the login and is what it must be; its HELLO reply, a whole frame.
    Greeted(Bytes),
    /// The server refused; the connection must be closed.
    Refused {
        /// With the server's text.
        error: Error,
        /// Whether the reason is one that passes, so that another attempt may succeed.
        passing: bool,
    },
}

/// The handshake of one connection.
#[derive(Debug)]
pub struct Handshake {
    introduction: Introduction,
    sent: VecDeque<Sent>,
    /// The server refused HELLO: users are greeted when all the rest is answered.
    fallen_back: bool,
    /// The HELLO reply, until the server's role is known.
    greeting: Option<Bytes>,
}

impl Handshake {
    /// Starts a handshake; the bytes are to be sent at once.
    #[must_use]
    pub fn start(introduction: Introduction) -> (Self, BytesMut) {
        let Packet { bytes, sent } = introduction.packet();
        let handshake = Self {
            introduction,
            sent,
            fallen_back: false,
            greeting: None,
        };
        (handshake, bytes)
    }

    /// Whether everything is answered: commands may be sent.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.sent.is_empty()
    }

    /// The version of the protocol that the server speaks.
    #[must_use]
    pub fn protocol(&self) -> u8 {
        if self.fallen_back { 2 } else { 3 }
    }

    /// Takes the next whole reply.
    pub fn reply(&mut self, frame: Bytes) -> Step {
        let refusal = match (self.sent.pop_front(), Reader::new(&frame).item()) {
            (Some(Sent::Hello), Some(Item::Simple(b"OK") | Item::Map(_))) => {
                if self.introduction.role.is_none() {
                    return Step::Greeted(frame);
                }
                self.greeting = Some(frame);
                return Step::Next;
            }
            (Some(Sent::Hello), Some(Item::Error(text))) if self.not_understood(text) => {
                if self.introduction.tracking.is_none() {
                    return self.fall_back();
                }
                tracking::refused("it speaks RESP2 only")
            }
            (Some(Sent::Hello), item) => greeting_refused(item),
            (Some(Sent::Auth), Some(Item::Error(text))) => authentication(lossy(text)),
            (Some(Sent::Role), item) => match self.misplaced(item, &frame) {
                Some(refusal) => refusal,
                None => {
                    return self
                        .greeting
                        .take()
                        .map_or_else(|| self.next(), Step::Greeted);
                }
            },
            (Some(Sent::Tracking), Some(Item::Error(text))) => tracking::refused(&lossy(text)),
            (Some(Sent::Select), Some(Item::Simple(b"OK")))
            | (Some(Sent::Auth | Sent::Tracking | Sent::Optional) | None, _) => return self.next(),
            (Some(Sent::Select), item) => selection_refused(item),
        };
        let passing = refusal.code() == WRONG_ROLE || passes(refusal.message());
        Step::Refused {
            error: refusal,
            passing,
        }
    }

    /// The error of a server that is not what it must be. Where ROLE is not allowed, the greeting
    /// tells; a server that tells nothing is believed.
    fn misplaced(&self, item: Option<Item<'_>>, frame: &[u8]) -> Option<Error> {
        let wanted = self.introduction.role?;
        let found = match item {
            Some(Item::Error(_)) => Role::of_greeting(self.greeting.as_deref()?)?,
            _ => match Role::of_reply(frame) {
                Some(role) => role,
                None => return Some(wrong_role(format!("the server is no {wanted}"))),
            },
        };
        (found != wanted).then(|| {
            wrong_role(format!(
                "the server is a {found}, where a {wanted} was looked for"
            ))
        })
    }

    fn next(&self) -> Step {
        if self.fallen_back && self.is_done() {
            Step::Greeted(Bytes::from_static(RESP2_GREETING))
        } else {
            Step::Next
        }
    }

    /// Whether HELLO itself is what the server does not know or does not allow.
    fn not_understood(&self, text: &[u8]) -> bool {
        // Valkey 9.1 tells strangers no names of commands: HELLO with a login, were it known, would judge the login.
        unknown(text) || text.starts_with(b"NOAUTH") && !self.introduction.credentials.is_empty()
    }

    /// Says again, in the words of the old protocol, what the refused HELLO said.
    fn fall_back(&mut self) -> Step {
        self.fallen_back = true;
        // What was sent behind HELLO is sent again: before AUTH it meant nothing.
        self.sent.iter_mut().for_each(|sent| *sent = Sent::Optional);
        let Packet { bytes, sent } = self.introduction.old_packet();
        self.sent.extend(sent);
        if bytes.is_empty() {
            self.next()
        } else {
            Step::Send(bytes)
        }
    }
}

/// Whether the server says that it does not know the command or does not allow it.
fn unknown(text: &[u8]) -> bool {
    let text = lossy(text).to_ascii_lowercase();
    text.starts_with("noproto")
        || text.starts_with("noperm")
        || text.contains("unknown command")
        || text.contains("unsupported command")
}

fn greeting_refused(item: Option<Item<'_>>) -> Error {
    authentication(match item {
        Some(Item::Error(b"")) => "Valkey error: AuthenticationFailed".into(),
        Some(Item::Error(text)) => lossy(text),
        Some(Item::Simple(_)) => "Authentication failed (unexpected response)".into(),
        _ => "Authentication failed with unexpected response".into(),
    })
}

fn selection_refused(item: Option<Item<'_>>) -> Error {
    let (code, message) = match item {
        Some(Item::Error(text)) => ("ERR_REDIS_INVALID_COMMAND", lossy(text)),
        Some(Item::Simple(_)) => (
            "ERR_REDIS_INVALID_RESPONSE",
            "SELECT command failed with non-OK response".into(),
        ),
        _ => (
            "ERR_REDIS_INVALID_RESPONSE",
            "Received non-SELECT response while in the SELECT state.".into(),
        ),
    };
    Error::new(ErrorKind::Server, code, message.into_owned())
}

fn wrong_role(message: String) -> Error {
    Error::new(ErrorKind::Connection, WRONG_ROLE, message)
}

fn authentication(message: std::borrow::Cow<'_, str>) -> Error {
    Error::new(
        ErrorKind::Credentials,
        "ERR_REDIS_AUTHENTICATION_FAILED",
        message.into_owned(),
    )
}

#[cfg(test)]
mod tests;
