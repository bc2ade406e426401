//! Libraries of functions, which the server keeps like data.

use std::fmt;
use std::sync::Arc;

use super::Invocation;
use super::invocation::Subject;
use crate::error::{Error, ErrorKind, Result};
use crate::redis::handle::{ConnectionLike, Handle};

/// A library of functions, since Redis 7.0.
///
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
/// # support::run(async |url| {
/// use s3_valkey::redis::{FunctionLibrary, ValkeyClient};
///
/// let client = ValkeyClient::connect(&url).await?;
/// let counters = FunctionLibrary::new(
///     "#!lua name=counters
///     redis.register_function('bump', function(keys, args)
///         return redis.call('INCRBY', keys[1], args[1])
///     end)",
/// )?;
/// let bump = counters.function("bump");
/// assert_eq!(bump.key("visits").arg("5").invoke(&client).await?.into_integer()?, 5);
/// # Ok(()) });
/// ```
#[derive(Clone)]
pub struct FunctionLibrary {
    name: Arc<str>,
    code: Arc<str>,
}

/// A function of a library.
#[derive(Debug, Clone)]
pub struct Function {
    name: String,
    library: Option<FunctionLibrary>,
    read_only: bool,
}

impl fmt::Debug for FunctionLibrary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionLibrary")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl FunctionLibrary {
    /// A library by its code. Fails with `ERR_INVALID_ARG_VALUE` unless that begins with a line such
    /// as `#!lua name=counters`.
    pub fn new(code: &str) -> Result<Self> {
        let name = name_of(code).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidInput,
                "ERR_INVALID_ARG_VALUE",
                "The code of a library must begin with a line such as '#!lua name=library'",
            )
        })?;
        Ok(Self {
            name: name.into(),
            code: code.into(),
        })
    }

    /// The name by which the server knows the library.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A function of the library. A server that does not know it gets the library, in a cluster all
    /// primaries do; a library of this name that is there already is left alone, for another
    /// version of the program may have brought it.
    #[must_use]
    pub fn function(&self, name: &str) -> Function {
        Function {
            library: Some(self.clone()),
            ..Function::new(name)
        }
    }

    /// Brings the library to the server, in a cluster to all primaries, and replaces one of the same
    /// name.
    pub async fn load(&self, client: &impl ConnectionLike) -> Result<()> {
        let handle = client.handle();
        let arguments = ["LOAD", "REPLACE", &self.code];
        handle.send("FUNCTION", &arguments).await.map(drop)
    }

    /// Brings the library where there is none of its name.
    pub(super) async fn load_missing(&self, handle: &Handle) -> Result<()> {
        match handle.send("FUNCTION", &["LOAD", &self.code]).await {
            Err(error) if !exists(&error) => Err(error),
            _ => Ok(()),
        }
    }
}

impl Function {
    /// A function of a library that the server has.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            library: None,
            read_only: false,
        }
    }

    /// The same for a function that was registered with the flag `no-writes`, which replicas run as
    /// well (`FCALL_RO`).
    #[must_use]
    pub fn read_only(self) -> Self {
        Self {
            read_only: true,
            ..self
        }
    }

    /// Begins a call without keys and arguments.
    #[must_use]
    pub fn prepare(&self) -> Invocation<'_> {
        Invocation::new(Subject::Function(self))
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

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn is_read_only(&self) -> bool {
        self.read_only
    }

    pub(super) fn library(&self) -> Option<&FunctionLibrary> {
        self.library.as_ref()
    }
}

/// The name in the first line of a library's code.
fn name_of(code: &str) -> Option<&str> {
    let line = code.strip_prefix("#!")?.lines().next()?;
    let mut words = line.split_ascii_whitespace();
    words.next()?;
    let name = words.find_map(|word| word.strip_prefix("name="))?;
    (!name.is_empty()).then_some(name)
}

fn exists(error: &Error) -> bool {
    let message = error.message();
    error.kind() == ErrorKind::Server
        && message.starts_with("ERR Library ")
        && message.contains("already exists")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_names_the_library() {
        let name = |code| FunctionLibrary::new(code).map(|library| library.name().to_owned());
        assert_eq!(name("#!lua name=counters\ncode").unwrap(), "counters");
        assert_eq!(name("#!js  api=1 name=x").unwrap(), "x");
        for code in ["", "#!lua\nname=x", "lua name=x", "#!lua name=", "#!name=x"] {
            assert_eq!(name(code).unwrap_err().code(), "ERR_INVALID_ARG_VALUE");
        }
    }

    #[test]
    fn only_a_library_that_is_there_is_left_alone() {
        let error = |message| Error::new(ErrorKind::Server, "ERR_REDIS_SERVER_ERROR", message);
        assert!(exists(&error("ERR Library 'counters' already exists")));
        assert!(!exists(&error("ERR Function bump already exists")));
    }
}
