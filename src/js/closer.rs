//! What ends a connection with the environment that made it.

use std::sync::{Arc, Weak};

use super::port::{PortHandle, Resource};
use crate::redis::link::Link;

/// Closes the lane when its environment goes away.
pub(super) struct Closer(Arc<dyn Link>);

impl Closer {
    pub(super) fn attached(link: &Arc<dyn Link>, port: &PortHandle) -> Arc<Self> {
        let closer = Arc::new(Self(Arc::clone(link)));
        port.attach(Arc::downgrade(&closer) as Weak<dyn Resource>);
        closer
    }
}

impl Resource for Closer {
    fn shut_down(&self) {
        self.0.close();
    }
}
