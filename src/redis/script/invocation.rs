//! Calls of scripts and functions: `command what numkeys key... argument...`.

use std::fmt;

use super::{Function, Script};
use crate::error::{Error, ErrorKind, Result};
use crate::redis::handle::{ConnectionLike, Handle};
use crate::redis::resp::decode::Value;

/// What a server says that does not have a script; an error of the script itself begins otherwise.
const NO_SCRIPT: &str = "NOSCRIPT No matching script";
const NO_FUNCTION: &str = "ERR Function not found";

/// A call of a [`Script`] or a [`Function`] with its keys and arguments. It can be sent any number
/// of times, on any client, and be put into a [`Pipeline`](crate::redis::Pipeline::invoke) or a
/// [`Transaction`](crate::redis::Transaction::invoke).
#[derive(Clone)]
pub struct Invocation<'a> {
    subject: Subject<'a>,
    keys: Vec<Vec<u8>>,
    arguments: Vec<Vec<u8>>,
}

/// What is called.
#[derive(Debug, Clone, Copy)]
pub(super) enum Subject<'a> {
    Script(&'a Script),
    Function(&'a Function),
}

impl fmt::Debug for Invocation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation")
            .field("subject", &self.subject)
            .field("keys", &self.keys.len())
            .field("arguments", &self.arguments.len())
            .finish()
    }
}

impl<'a> Invocation<'a> {
    pub(super) fn new(subject: Subject<'a>) -> Self {
        Self {
            subject,
            keys: Vec::new(),
            arguments: Vec::new(),
        }
    }

    /// Adds a key, which the script has in `KEYS`.
    #[must_use]
    pub fn key(mut self, key: impl AsRef<[u8]>) -> Self {
        self.keys.push(key.as_ref().to_vec());
        self
    }

    /// Adds an argument, which the script has in `ARGV`.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<[u8]>) -> Self {
        self.arguments.push(argument.as_ref().to_vec());
        self
    }

    /// Sends the call and returns its reply. If the server does not have the script, the call is
    /// sent once more with its text; if it does not have the function, the library is loaded before.
    ///
    /// Fails with the script's own error, of the kind [`Server`](ErrorKind::Server).
    pub async fn invoke(&self, client: &impl ConnectionLike) -> Result<Value> {
        let handle = client.handle();
        let error = match self.send(&handle, self.short()).await {
            Err(error) if self.is_unknown(&error) => error,
            outcome => return outcome,
        };
        if let Subject::Function(function) = self.subject {
            let Some(library) = function.library() else {
                return Err(error);
            };
            library.load_missing(&handle).await?;
        }
        self.send(&handle, self.whole()).await
    }

    async fn send(&self, handle: &Handle, (command, what): (&str, &str)) -> Result<Value> {
        handle.send(command, &self.words(what)).await
    }

    /// The command for a server that knows what is called.
    fn short(&self) -> (&'static str, &'a str) {
        match self.subject {
            Subject::Script(script) if script.read_only => ("EVALSHA_RO", &script.digest),
            Subject::Script(script) => ("EVALSHA", &script.digest),
            Subject::Function(_) => self.whole(),
        }
    }

    /// The command for a server of which nothing is known, but for functions.
    fn whole(&self) -> (&'static str, &'a str) {
        match self.subject {
            Subject::Script(script) if script.read_only => ("EVAL_RO", &script.lua),
            Subject::Script(script) => ("EVAL", &script.lua),
            Subject::Function(function) if function.is_read_only() => ("FCALL_RO", function.name()),
            Subject::Function(function) => ("FCALL", function.name()),
        }
    }

    /// The command that is sent where nothing can be sent once more.
    pub(in crate::redis) fn command(&self) -> (&'static str, Vec<Vec<u8>>) {
        let (command, what) = self.whole();
        (command, self.words(what))
    }

    fn words(&self, what: &str) -> Vec<Vec<u8>> {
        let count = self.keys.len().to_string();
        [what.as_bytes().to_vec(), count.into_bytes()]
            .into_iter()
            .chain(self.keys.iter().chain(&self.arguments).cloned())
            .collect()
    }

    fn is_unknown(&self, error: &Error) -> bool {
        let words = match self.subject {
            Subject::Script(_) => NO_SCRIPT,
            Subject::Function(_) => NO_FUNCTION,
        };
        error.kind() == ErrorKind::Server && error.message().starts_with(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(call: &Invocation<'_>) -> String {
        let command = call.command();
        format!(
            "{} {}",
            command.0,
            String::from_utf8_lossy(&command.1.join(&b' '))
        )
    }

    #[test]
    fn keys_come_before_arguments_in_whatever_order_they_were_added() {
        let script = Script::new("return 1");
        let call = script.arg("x").key("a").arg([0xff]).key("b");
        assert_eq!(text(&call), "EVAL return 1 2 a b x \u{fffd}");
        let (command, digest) = call.short();
        assert_eq!((command, digest), ("EVALSHA", script.digest()));
    }

    #[test]
    fn what_only_reads_says_so() {
        let script = Script::read_only("return 1");
        assert_eq!(script.prepare().short().0, "EVALSHA_RO");
        assert_eq!(text(&script.prepare()), "EVAL_RO return 1 0");
        let function = Function::new("look").read_only();
        assert_eq!(text(&function.key("a")), "FCALL_RO look 1 a");
    }

    #[test]
    fn only_the_servers_own_words_say_that_a_script_is_unknown() {
        let script = Script::new("return 1");
        let unknown = |kind, message: &'static str| {
            let error = Error::new(kind, "ERR_REDIS_SERVER_ERROR", message);
            script.prepare().is_unknown(&error)
        };
        let words = "NOSCRIPT No matching script. Please use EVAL.";
        assert!(unknown(ErrorKind::Server, words));
        assert!(!unknown(ErrorKind::Connection, words));
        assert!(!unknown(
            ErrorKind::Server,
            "ERR NOSCRIPT No matching script"
        ));
    }
}
