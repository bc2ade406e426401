//! What scripts, iterators and consumers send their commands with, whatever the client is.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::callers::Callers;
use super::inflight::Entry;
use super::lifecycle;
use super::link::Link;
use super::meta::Meta;
use super::resp::decode::Value;
use crate::error::Result;

/// Whatever takes commands: [`ValkeyClient`](super::ValkeyClient),
/// [`ClusterClient`](super::ClusterClient), [`RedisPool`](super::RedisPool),
/// [`LeasedConnection`](super::LeasedConnection) and [`Watched`](super::Watched).
pub trait ConnectionLike: sealed::Handled {}

impl<T: sealed::Handled> ConnectionLike for T {}

pub(super) mod sealed {
    use super::Handle;

    /// What has a [`Handle`].
    pub trait Handled {
        /// One more handle.
        fn handle(&self) -> Handle;
    }
}

/// A way to send commands that keeps its client open.
#[derive(Clone)]
pub struct Handle {
    link: Arc<dyn Link>,
    callers: Arc<Callers>,
    /// The client closes when nobody has it any more.
    _client: Option<Arc<dyn Any + Send + Sync>>,
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("status", &self.link.status())
            .finish_non_exhaustive()
    }
}

impl Handle {
    pub(super) fn new(
        link: &Arc<dyn Link>,
        callers: &Arc<Callers>,
        client: Option<Arc<dyn Any + Send + Sync>>,
    ) -> Self {
        Self {
            link: Arc::clone(link),
            callers: Arc::clone(callers),
            _client: client,
        }
    }

    pub(super) fn link(&self) -> &Arc<dyn Link> {
        &self.link
    }

    pub(super) fn callers(&self) -> &Arc<Callers> {
        &self.callers
    }

    /// Whether the client was closed, or has failed for good.
    pub(super) fn has_ended(&self) -> bool {
        let flags = self.link.observe().borrow().flags;
        flags.is_manually_closed || flags.failed || flags.finalized
    }

    /// Sends a command and waits for its reply. One that blocks is given up when this is dropped.
    pub(super) async fn send<A: AsRef<[u8]>>(&self, name: &str, arguments: &[A]) -> Result<Value> {
        let (all, meta) = whole(name, arguments)?;
        self.callers.call(&self.link, &all, meta).await
    }

    /// The [primaries](Link::primaries), when they are known.
    pub(super) async fn primaries(&self) -> Result<Option<Vec<u32>>> {
        if self.link.primaries().is_some_and(|nodes| nodes.is_empty()) {
            // A command waits for them, or says why there are none.
            self.send("PING", &[""; 0]).await?;
        }
        match self.link.primaries() {
            Some(nodes) if nodes.is_empty() => Err(lifecycle::closed()),
            nodes => Ok(nodes),
        }
    }

    /// Sends a command to one of the [primaries](Link::primaries).
    pub(super) async fn send_to<A: AsRef<[u8]>>(
        &self,
        node: u32,
        name: &str,
        arguments: &[A],
    ) -> Result<Value> {
        let (all, meta) = whole(name, arguments)?;
        let submit = |pieces: &[&[u8]], entries: &[Entry]| {
            self.link.submit_to(node, pieces, entries);
        };
        self.callers.call_by(&all, meta, submit).await
    }
}

/// All words of a command, and what is known of it.
fn whole<'a, A: AsRef<[u8]>>(name: &'a str, arguments: &'a [A]) -> Result<(Vec<&'a [u8]>, Meta)> {
    let mut all: Vec<&[u8]> = Vec::with_capacity(arguments.len() + 1);
    all.push(name.as_bytes());
    all.extend(arguments.iter().map(AsRef::as_ref));
    let meta = Meta::of_call(all[0], &all[1..])?;
    Ok((all, meta))
}
