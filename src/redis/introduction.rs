//! What a connection says at first, in either version of the protocol. Pure.

use std::collections::VecDeque;

use bytes::BytesMut;

use super::config::Library;
use super::credentials::Credentials;
use super::resp::encode;
use super::role::Role;
use super::tracking::Tracking;

/// What a connection introduces itself with.
#[derive(Debug, Clone, Default)]
pub struct Introduction {
    /// Who logs in; empty for nobody.
    pub credentials: Credentials,
    /// Database to select; 0 selects none.
    pub database: u32,
    /// Name of the connection.
    pub client_name: Option<String>,
    /// What `CLIENT LIST` shows as the library.
    pub library: Option<Library>,
    /// What the server must be to its data set; `None` if that does not matter.
    pub role: Option<Role>,
    /// Which changed keys the server is to tell of.
    pub tracking: Option<Tracking>,
}

/// A command whose reply is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    Hello,
    Auth,
    Role,
    Select,
    Tracking,
    /// Its reply changes nothing: an older server may not know the command.
    Optional,
}

/// Commands that are sent together.
#[derive(Debug, Default)]
pub(super) struct Packet {
    pub(super) bytes: BytesMut,
    pub(super) sent: VecDeque<Sent>,
}

impl Packet {
    fn push(&mut self, command: &[&[u8]], sent: Sent) {
        encode::command(&mut self.bytes, command);
        self.sent.push_back(sent);
    }
}

impl Introduction {
    /// HELLO with all that it takes, and what follows.
    pub(super) fn packet(&self) -> Packet {
        let mut packet = Packet::default();
        let mut hello: Vec<&[u8]> = vec![b"HELLO", b"3"];
        if !self.credentials.is_empty() {
            hello.extend([b"AUTH", self.user(), self.credentials.password.as_bytes()]);
        }
        if let Some(name) = &self.client_name {
            hello.extend([b"SETNAME", name.as_bytes()]);
        }
        packet.push(&hello, Sent::Hello);
        self.prepare(&mut packet);
        // The last one: behind it there may be pushes.
        if let Some(tracking) = &self.tracking {
            packet.push(&tracking.command(), Sent::Tracking);
        }
        packet
    }

    /// The same in the words of the old protocol; nothing when there is nothing to say.
    pub(super) fn old_packet(&self) -> Packet {
        let mut packet = Packet::default();
        if !self.credentials.is_empty() {
            let mut auth: Vec<&[u8]> = vec![b"AUTH"];
            // Servers before 6.0 take no user.
            if self.user() != b"default" {
                auth.push(self.user());
            }
            auth.push(self.credentials.password.as_bytes());
            packet.push(&auth, Sent::Auth);
        }
        if let Some(name) = &self.client_name {
            let command: [&[u8]; 3] = [b"CLIENT", b"SETNAME", name.as_bytes()];
            packet.push(&command, Sent::Optional);
        }
        self.prepare(&mut packet);
        packet
    }

    /// What follows the login in either protocol.
    fn prepare(&self, packet: &mut Packet) {
        if self.role.is_some() {
            packet.push(&[b"ROLE"], Sent::Role);
        }
        if self.database > 0 {
            let database = self.database.to_string();
            packet.push(&[b"SELECT", database.as_bytes()], Sent::Select);
        }
        if let Some(Library { name, version }) = &self.library {
            for (attribute, value) in [("LIB-NAME", name), ("LIB-VER", version)] {
                let command = ["CLIENT", "SETINFO", attribute, value].map(str::as_bytes);
                packet.push(&command, Sent::Optional);
            }
        }
    }

    fn user(&self) -> &[u8] {
        match self.credentials.username.as_bytes() {
            b"" => b"default",
            name => name,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::redis::resp::decode::{Item, Reader, lossy};

    pub(in crate::redis) fn introduction(
        username: &str,
        password: &str,
        database: u32,
    ) -> Introduction {
        Introduction {
            credentials: Credentials {
                username: username.into(),
                password: password.into(),
            },
            database,
            ..Introduction::default()
        }
    }

    pub(in crate::redis) fn named(introduction: Introduction) -> Introduction {
        Introduction {
            client_name: Some("worker".into()),
            library: Some(Library {
                name: "lib".into(),
                version: "1.0".into(),
            }),
            ..introduction
        }
    }

    /// Commands as words, one a line.
    pub(in crate::redis) fn words(bytes: &[u8]) -> String {
        let mut reader = Reader::new(bytes);
        let mut lines = Vec::new();
        while let Some(Item::Array(count)) = reader.item() {
            let words: Vec<_> = (0..count)
                .map(|_| lossy(reader.text().unwrap()).into_owned())
                .collect();
            lines.push(words.join(" "));
        }
        lines.join("\n")
    }

    fn sent(introduction: &Introduction) -> String {
        words(&introduction.packet().bytes)
    }

    #[test]
    fn everything_goes_out_together_and_nothing_that_was_not_asked_for() {
        assert_eq!(sent(&introduction("", "", 0)), "HELLO 3");
        assert_eq!(sent(&introduction("", "pw", 0)), "HELLO 3 AUTH default pw");
        assert_eq!(sent(&introduction("u", "", 0)), "HELLO 3 AUTH u ");
        assert_eq!(sent(&introduction("", "", 5)), "HELLO 3\nSELECT 5");
        assert_eq!(
            sent(&named(introduction("u", "pw", 5))),
            "HELLO 3 AUTH u pw SETNAME worker\nSELECT 5\n\
             CLIENT SETINFO LIB-NAME lib\nCLIENT SETINFO LIB-VER 1.0"
        );
    }

    #[test]
    fn changes_of_keys_are_asked_for_in_the_new_protocol_only() {
        let tracking = Introduction {
            tracking: Some(Tracking::Read),
            ..introduction("", "", 5)
        };
        assert_eq!(sent(&tracking), "HELLO 3\nSELECT 5\nCLIENT TRACKING ON");
        assert_eq!(words(&tracking.old_packet().bytes), "SELECT 5");
    }

    #[test]
    fn an_old_server_is_not_told_the_default_user() {
        for user in ["", "default"] {
            let packet = introduction(user, "pw", 0).old_packet();
            assert_eq!(words(&packet.bytes), "AUTH pw");
        }
        let nothing = Introduction::default().old_packet();
        assert!(nothing.bytes.is_empty() && nothing.sent.is_empty());
    }
}
