//! How a lane finds its server, when that is not fixed.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::config::Address;
use super::driver::End;
use super::lane::Lane;
use super::role::Role;

/// The next server to try, later.
pub(super) type Found<'a> = Pin<Box<dyn Future<Output = Result<Address, End>> + Send + 'a>>;

/// Makes what finds the server of a lane.
pub(super) type MakeResolver = Arc<dyn Fn() -> Arc<dyn Resolve> + Send + Sync>;

/// Finds the server of a lane before each attempt to connect.
pub(super) trait Resolve: Send + Sync + 'static {
    /// Starts looking for the server, for one attempt.
    fn search(self: Arc<Self>) -> Box<dyn Search>;

    /// Tells whose server is found.
    fn attach(&self, lane: &Arc<Lane>) {
        let _ = lane;
    }

    /// The server that the lane is connected to or was last tried.
    fn aim(&self) -> Option<Address>;

    /// What the server must say that it is; `None` if that does not matter.
    fn role(&self) -> Option<Role> {
        None
    }

    /// Whether the server is asked for a sign of life when it is silent although nothing waits.
    fn is_attentive(&self) -> bool {
        false
    }
}

/// One search: servers to try until one is accepted. May be dropped at any time.
pub(super) trait Search: Send {
    /// The next server to try; an error when there is none left.
    fn next(&mut self) -> Found<'_>;

    /// The server that was tried last is of no use.
    fn rejected(&mut self, why: End);

    /// The server that was tried last is the right one.
    fn accepted(&mut self);
}
