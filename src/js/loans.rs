//! Bodies that are sent from where JavaScript keeps them. Node-API can keep an `ArrayBuffer` alive,
//! not its memory: that goes away with whoever transfers the buffer. Whether it is still there can
//! only be seen on the JavaScript thread.

use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use napi::bindgen_prelude::{JsValue, Result as JsResult, Uint8ArraySlice, check_status};
use napi::{Env, sys};
use tokio::sync::oneshot;

use super::holds::Held;
use super::port::{Parcel, PortHandle, ended_without_result};
use super::tape::Tape;
use crate::error::{Error, ErrorKind, Result};
use crate::s3::{Hold, Lender};

/// Bodies up to this length are copied: keeping the caller's buffer alive costs more.
pub(super) const COPY_LIMIT: usize = 64 * 1024;

/// The buffers of one upload.
#[derive(Clone)]
pub(super) struct Loans(Arc<Shared>);

struct Shared {
    port: PortHandle,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// There was one.
    any: bool,
    /// Those that may still be read.
    open: Vec<Reference>,
    /// One of them was detached before it was given back.
    broken: bool,
}

/// A strong reference to an `ArrayBuffer`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Reference(sys::napi_ref);

// SAFETY: other threads only keep it; it is used on the thread of its environment.
unsafe impl Send for Reference {}
// SAFETY: as above.
unsafe impl Sync for Reference {}

impl Reference {
    fn to_buffer_of(env: sys::napi_env, data: &Uint8ArraySlice<'_>) -> JsResult<Self> {
        let (mut buffer, mut reference) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the environment is live and the array one of its values; what is not asked for
        // may be null.
        check_status!(unsafe {
            sys::napi_get_typedarray_info(
                env,
                data.raw(),
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
                &raw mut buffer,
                ptr::null_mut(),
            )
        })?;
        // SAFETY: the buffer was just had from the same environment.
        check_status!(unsafe { sys::napi_create_reference(env, buffer, 1, &raw mut reference) })?;
        Ok(Self(reference))
    }

    /// Whether the buffer has lost its memory. On the environment's thread.
    fn is_detached(self, env: sys::napi_env) -> JsResult<bool> {
        let (mut buffer, mut detached) = (ptr::null_mut(), false);
        // SAFETY: the reference is deleted by nobody before `delete`.
        check_status!(unsafe { sys::napi_get_reference_value(env, self.0, &raw mut buffer) })?;
        // SAFETY: the reference is a strong one, so that there is a buffer.
        check_status!(unsafe {
            sys::napi_is_detached_arraybuffer(env, buffer, &raw mut detached)
        })?;
        Ok(detached)
    }

    /// Lets go of the buffer. On the environment's thread, once.
    fn delete(self, env: sys::napi_env) -> JsResult<()> {
        // SAFETY: by contract.
        check_status!(unsafe { sys::napi_delete_reference(env, self.0) })
    }
}

impl Loans {
    pub(super) fn new(port: PortHandle) -> Self {
        Self(Arc::new(Shared {
            port,
            state: Mutex::default(),
        }))
    }

    /// The bytes of a body, which must not be changed, nor their buffer transferred, before they
    /// are sent.
    pub(super) fn lend(&self, env: &Env, data: Uint8ArraySlice<'_>) -> JsResult<Bytes> {
        if data.len() <= COPY_LIMIT {
            return Ok(Bytes::copy_from_slice(&data));
        }
        let reference = Reference::to_buffer_of(env.raw(), &data)?;
        let mut state = self.state();
        state.any = true;
        state.open.push(reference);
        drop(state);
        Ok(Bytes::from_owner(Loan {
            bytes: ptr::from_ref::<[u8]>(&data),
            reference,
            loans: self.clone(),
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lender for Loans {
    fn check(&self) -> Pin<Box<dyn Future<Output = Result<()>> + Send + '_>> {
        Box::pin(async {
            if !self.state().any {
                return Ok(());
            }
            let (answer, answered) = oneshot::channel();
            let (loans, answer) = (self.clone(), Some(answer));
            self.0.port.push(Box::new(Look { loans, answer }));
            let broken = answered.await.map_err(|_| ended_without_result())?;
            if broken {
                return Err(detached());
            }
            Ok(())
        })
    }

    fn begin(&self) -> Result<Box<dyn Hold>> {
        Ok(Box::new(Held::begin(self.0.port.clone())?))
    }
}

fn detached() -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        "ERR_S3_BODY_DETACHED",
        "The buffer was detached while it was being written",
    )
}

/// Bytes of JavaScript.
struct Loan {
    bytes: *const [u8],
    reference: Reference,
    loans: Loans,
}

// SAFETY: the bytes are only read, and whoever lends them must not change them meanwhile.
unsafe impl Send for Loan {}
// SAFETY: as above.
unsafe impl Sync for Loan {}

impl AsRef<[u8]> for Loan {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: the reference keeps the buffer alive, and the caller must not detach it. Those
        // who read hold the environment, which would free it.
        unsafe { &*self.bytes }
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        let (reference, loans) = (self.reference, self.loans.clone());
        // An environment that is gone has let go of its references.
        self.loans
            .0
            .port
            .push(Box::new(GiveBack { reference, loans }));
    }
}

/// Looks at buffers that are lent.
struct Look {
    loans: Loans,
    answer: Option<oneshot::Sender<bool>>,
}

impl Parcel for Look {
    fn unpack(&mut self, tape: &mut Tape<'_>) -> JsResult<bool> {
        let mut state = self.loans.state();
        for index in 0..state.open.len() {
            state.broken |= state.open[index].is_detached(tape.env)?;
        }
        let broken = state.broken;
        drop(state);
        if let Some(answer) = self.answer.take() {
            // Whoever asked may have been cancelled.
            let _ = answer.send(broken);
        }
        Ok(true)
    }
}

/// Ends the loan of a buffer.
struct GiveBack {
    reference: Reference,
    loans: Loans,
}

impl Parcel for GiveBack {
    fn unpack(&mut self, tape: &mut Tape<'_>) -> JsResult<bool> {
        let broken = self.reference.is_detached(tape.env)?;
        let mut state = self.loans.state();
        state.broken |= broken;
        state.open.retain(|reference| *reference != self.reference);
        drop(state);
        self.reference.delete(tape.env)?;
        Ok(true)
    }
}
