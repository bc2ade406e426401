//! Lua scripts that are sent once and then called by their digest.

use std::fmt::{self, Write as _};

use sha1::{Digest, Sha1};

use super::handle::ConnectionLike;
use crate::error::Result;

mod invocation;
mod library;

pub use invocation::Invocation;
use invocation::Subject;
pub use library::{Function, FunctionLibrary};

/// A Lua script. Making one sends nothing: make it once and use it for as long as the program runs.
///
/// A call names the script by its SHA-1 digest (`EVALSHA`). A server that does not have it, be it
/// new, restarted or flushed, says `NOSCRIPT` before anything has run; then the call is sent once
/// more with the whole text (`EVAL`). In a cluster the keys say where it runs, so all of them must
/// belong to one slot.
///
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
/// # support::run(async |url| {
/// use s3_valkey::redis::{Script, ValkeyClient};
///
/// let client = ValkeyClient::connect(&url).await?;
/// let bump = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
/// let visits = bump.key("visits").arg("5").invoke(&client).await?.into_integer()?;
/// assert_eq!(visits, 5);
/// # Ok(()) });
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Script {
    lua: String,
    digest: String,
    read_only: bool,
}

impl fmt::Debug for Script {
    /// The text may have what must not be logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script")
            .field("digest", &self.digest)
            .field("read_only", &self.read_only)
            .finish_non_exhaustive()
    }
}

impl Script {
    /// A script that may write.
    #[must_use]
    pub fn new(lua: &str) -> Self {
        let mut digest = String::with_capacity(40);
        for byte in Sha1::digest(lua) {
            // Writing to a string does not fail.
            let _ = write!(digest, "{byte:02x}");
        }
        Self {
            lua: lua.to_owned(),
            digest,
            read_only: false,
        }
    }

    /// A script that only reads, which replicas run as well (`EVALSHA_RO`, since Redis 7.0). The
    /// server refuses its writes.
    #[must_use]
    pub fn read_only(lua: &str) -> Self {
        Self {
            read_only: true,
            ..Self::new(lua)
        }
    }

    /// The SHA-1 digest, in hexadecimal, by which servers know the script.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Begins a call without keys and arguments.
    #[must_use]
    pub fn prepare(&self) -> Invocation<'_> {
        Invocation::new(Subject::Script(self))
    }

    /// Begins a call with its first key; [`Invocation`] takes the others and is sent.
    #[must_use]
    pub fn key(&self, key: impl AsRef<[u8]>) -> Invocation<'_> {
        self.prepare().key(key)
    }

    /// Begins a call without keys and with its first argument.
    #[must_use]
    pub fn arg(&self, argument: impl AsRef<[u8]>) -> Invocation<'_> {
        self.prepare().arg(argument)
    }

    /// Brings the script to the server, in a cluster to all primaries. There is no need to, but for
    /// the error that a script has which cannot be compiled.
    pub async fn load(&self, client: &impl ConnectionLike) -> Result<()> {
        let handle = client.handle();
        handle.send("SCRIPT", &["LOAD", &self.lua]).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_known_by_its_digest_and_not_shown() {
        let script = Script::new("return 'secret'");
        // printf "return 'secret'" | sha1sum
        assert_eq!(script.digest(), "aeb52935ae3459d8b80fe86ed66636ccee452ed6");
        assert!(!format!("{script:?}").contains("secret"));
    }
}
