//! Long strings that are not copied into the engine's heap: the engine refers to the memory in
//! which they were received, and gives it back when it collects the string.

use std::ffi::{c_char, c_void};
use std::ops::Range;
use std::ptr;
use std::sync::OnceLock;

use libloading::os::unix::Library;
use napi::bindgen_prelude::{Result, check_status};
use napi::sys;

use super::value;
use crate::net::buffers;

/// Shorter strings are cheaper when they are copied.
pub const MINIMUM: usize = 128 * 1024;

/// `node_api_create_external_string_latin1`: since Node.js 18.18 and 20.4.
type CreateExternal = unsafe extern "C" fn(
    sys::napi_env,
    *mut c_char,
    usize,
    sys::napi_finalize,
    *mut c_void,
    *mut sys::napi_value,
    *mut bool,
) -> sys::napi_status;

fn create_external() -> Option<CreateExternal> {
    static FUNCTION: OnceLock<Option<CreateExternal>> = OnceLock::new();
    *FUNCTION.get_or_init(|| {
        // SAFETY: the type is the declaration in `node_api.h`.
        let found = unsafe { Library::this().get(b"node_api_create_external_string_latin1") };
        found.ok().map(|symbol| *symbol)
    })
}

/// What the engine refers to, with what it was told about its size.
struct Owner {
    bytes: Vec<u8>,
    told: i64,
}

/// The string that `bytes[text]` is, which must be ASCII.
pub fn string(env: sys::napi_env, bytes: Vec<u8>, text: Range<usize>) -> Result<sys::napi_value> {
    let Some(create) = create_external() else {
        return value::latin1(env, &bytes[text]);
    };
    let told = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let mut owner = Box::new(Owner { bytes, told });
    let data = owner.bytes[text.clone()].as_mut_ptr().cast();
    let hint = Box::into_raw(owner);
    let (mut string, mut copied) = (ptr::null_mut(), false);
    // SAFETY: the text stays where it is until `release` is called, which is once.
    let status = unsafe {
        create(
            env,
            data,
            text.len(),
            Some(release),
            hint.cast(),
            &raw mut string,
            &raw mut copied,
        )
    };
    if status != sys::Status::napi_ok {
        // SAFETY: the call failed, so the box was not taken over.
        let owner = unsafe { Box::from_raw(hint) };
        return value::latin1(env, &owner.bytes[text]);
    }
    // A sandboxed engine has copied it and called `release`.
    adjust(env, told)?;
    Ok(string)
}

/// The engine collects in time only if it knows of the memory outside its heap.
fn adjust(env: sys::napi_env, change: i64) -> Result<()> {
    let mut total = 0;
    // SAFETY: called on the thread of a live environment.
    check_status!(unsafe { sys::napi_adjust_external_memory(env, change, &raw mut total) })
}

unsafe extern "C" fn release(env: sys::napi_env, _data: *mut c_void, hint: *mut c_void) {
    // SAFETY: `hint` is the box made by `string`, and the engine finalizes once.
    let owner = unsafe { Box::from_raw(hint.cast::<Owner>()) };
    // While the environment is torn down nobody counts any more.
    let _ = adjust(env, -owner.told);
    buffers::give_back(owner.bytes);
}
