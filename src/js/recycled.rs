//! Bytes that JavaScript owns until it forgets them; their memory is used again.

use bytes::BytesMut;
use napi::bindgen_prelude::Result;
use napi::{Env, sys};

use super::port::Settle;
use super::value;
use crate::net::buffers;

/// A buffer that goes back to the pool when it is dropped.
pub(super) struct Recycled(BytesMut);

impl From<BytesMut> for Recycled {
    fn from(bytes: BytesMut) -> Self {
        Self(bytes)
    }
}

impl AsMut<[u8]> for Recycled {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl Drop for Recycled {
    fn drop(&mut self) {
        if self.0.capacity() >= buffers::WORTH_KEEPING {
            let mut bytes = std::mem::take(&mut self.0);
            // What is empty becomes a vector without being copied.
            bytes.clear();
            buffers::give_back(bytes.into());
        }
    }
}

impl Settle for BytesMut {
    fn settle(self: Box<Self>, env: &Env) -> Result<sys::napi_value> {
        value::bytes(env.raw(), Recycled(*self))
    }
}
