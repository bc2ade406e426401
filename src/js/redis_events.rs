//! What a lane reports besides results.

use napi_derive::napi;

/// What an event's payload says.
#[napi]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaneEvent {
    /// The handshake was accepted; the argument is the HELLO reply.
    Connected = 0,
    /// The connection is gone, another attempt follows.
    Reconnecting = 1,
    /// Closed or failed; the argument describes the error.
    Closed = 2,
    /// A push of the server, such as a message; the argument is its array.
    Push = 3,
    /// A login needs credentials; the argument is text: the number to answer to.
    Credentials = 4,
    /// One of several connections is gone, with subscriptions, which must be made again.
    SubscriptionsLost = 5,
    /// Where does an address lead from here? The argument is text: the number to answer to, the port
    /// and the host.
    Address = 6,
    /// One of several connections is gone, whose server told of changed keys.
    TrackingLost = 8,
}
