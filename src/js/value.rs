//! Making JavaScript values.

use std::ptr;

use napi::bindgen_prelude::{Result, check_status};
use napi::sys;

use crate::error::{Error, ErrorKind};

/// Bytes up to this length are copied; longer ones are handed over.
const COPY_LIMIT: usize = 64 * 1024;

/// Makes one value with a function of Node-API that stores it through its last argument.
macro_rules! make {
    ($function:ident($($argument:expr),*)) => {{
        let mut value = ptr::null_mut();
        // SAFETY: called on the thread of a live environment; pointers and lengths among the
        // arguments come from slices that outlive the call.
        check_status!(unsafe { sys::$function($($argument,)* &raw mut value) })?;
        Ok(value)
    }};
}

pub(super) fn null(env: sys::napi_env) -> Result<sys::napi_value> {
    make!(napi_get_null(env))
}

pub(super) fn undefined(env: sys::napi_env) -> Result<sys::napi_value> {
    make!(napi_get_undefined(env))
}

pub(super) fn array(env: sys::napi_env) -> Result<sys::napi_value> {
    make!(napi_create_array(env))
}

pub(super) fn boolean(env: sys::napi_env, value: bool) -> Result<sys::napi_value> {
    make!(napi_get_boolean(env, value))
}

pub(super) fn double(env: sys::napi_env, value: f64) -> Result<sys::napi_value> {
    make!(napi_create_double(env, value))
}

pub(super) fn object(env: sys::napi_env) -> Result<sys::napi_value> {
    make!(napi_create_object(env))
}

/// A string; invalid UTF-8 becomes U+FFFD.
pub(super) fn string(env: sys::napi_env, bytes: &[u8]) -> Result<sys::napi_value> {
    if bytes.is_ascii() {
        return latin1(env, bytes);
    }
    let text = String::from_utf8_lossy(bytes);
    make!(napi_create_string_utf8(
        env,
        text.as_ptr().cast(),
        length(text.len())
    ))
}

/// A string of one byte for each character.
pub(super) fn latin1(env: sys::napi_env, bytes: &[u8]) -> Result<sys::napi_value> {
    make!(napi_create_string_latin1(
        env,
        bytes.as_ptr().cast(),
        length(bytes.len())
    ))
}

/// A `Buffer` with a copy of the bytes.
pub(super) fn buffer(env: sys::napi_env, bytes: &[u8]) -> Result<sys::napi_value> {
    make!(napi_create_buffer_copy(
        env,
        bytes.len(),
        bytes.as_ptr().cast(),
        ptr::null_mut()
    ))
}

/// A `Uint8Array` of its own with these bytes: copied when small, handed over when large.
pub(super) fn bytes<B: AsMut<[u8]> + 'static>(
    env: sys::napi_env,
    mut bytes: B,
) -> Result<sys::napi_value> {
    let length = bytes.as_mut().len();
    let buffer = if length <= COPY_LIMIT {
        let mut data = ptr::null_mut();
        let mut buffer = ptr::null_mut();
        // SAFETY: the environment is live; on success `data` points to `length` writable bytes
        // of the new buffer, which nothing else knows yet.
        check_status!(unsafe {
            sys::napi_create_arraybuffer(env, length, &raw mut data, &raw mut buffer)
        })?;
        if length > 0 {
            // SAFETY: both regions are valid for `length` bytes and the buffer is new.
            unsafe { ptr::copy_nonoverlapping(bytes.as_mut().as_ptr(), data.cast(), length) };
        }
        buffer
    } else {
        external(env, bytes)?
    };
    make!(napi_create_typedarray(
        env,
        sys::TypedarrayType::uint8_array,
        length,
        buffer,
        0
    ))
}

fn external<B: AsMut<[u8]> + 'static>(env: sys::napi_env, bytes: B) -> Result<sys::napi_value> {
    unsafe extern "C" fn release<B>(
        _env: sys::napi_env,
        _data: *mut std::ffi::c_void,
        hint: *mut std::ffi::c_void,
    ) {
        // SAFETY: `hint` is the box made below, and the engine finalizes once.
        drop(unsafe { Box::from_raw(hint.cast::<B>()) });
    }
    let mut boxed = Box::new(bytes);
    let memory = (*boxed).as_mut();
    let (data, length) = (memory.as_mut_ptr(), memory.len());
    let hint = Box::into_raw(boxed);
    let mut value = ptr::null_mut();
    tidy_up(env)?;
    // SAFETY: `data` stays valid until `release` frees what owns it, and nobody else reaches it.
    let status = unsafe {
        sys::napi_create_external_arraybuffer(
            env,
            data.cast(),
            length,
            Some(release::<B>),
            hint.cast(),
            &raw mut value,
        )
    };
    if status == sys::Status::napi_ok {
        return Ok(value);
    }
    // SAFETY: the call failed, so the box was not taken over.
    let mut bytes = unsafe { Box::from_raw(hint) };
    if status != sys::Status::napi_no_external_buffers_allowed {
        check_status!(status)?;
    }
    // A sandboxed engine takes no outside memory: copy.
    let mut data = ptr::null_mut();
    // SAFETY: as in `bytes`.
    check_status!(unsafe {
        sys::napi_create_arraybuffer(env, length, &raw mut data, &raw mut value)
    })?;
    // SAFETY: both regions are valid for `length` bytes and the buffer is new.
    unsafe { ptr::copy_nonoverlapping((*bytes).as_mut().as_ptr(), data.cast(), length) };
    Ok(value)
}

/// Gives the engine an occasion to free buffers that are not reached any more.
///
/// V8 looks at the bytes of its young buffers only when it allocates the memory of another one itself:
/// from 32 MiB on it collects its young generation, which takes a fraction of a millisecond. Memory
/// from outside passes that by, and is found at 64 MiB by collections of the whole heap.
fn tidy_up(env: sys::napi_env) -> Result<()> {
    let mut data = ptr::null_mut();
    // One of no bytes would need no memory.
    make!(napi_create_arraybuffer(env, 1, &raw mut data)).map(|_: sys::napi_value| ())
}

/// A `bigint`.
pub(super) fn bigint_from(env: sys::napi_env, number: i64) -> Result<sys::napi_value> {
    make!(napi_create_bigint_int64(env, number))
}

/// Longest number that is turned into a `bigint`; the conversion is quadratic.
const BIGINT_DIGITS: usize = 4096;

/// A `bigint` from decimal digits with an optional sign; `None` when they are something else.
pub(super) fn bigint(env: sys::napi_env, text: &[u8]) -> Result<Option<sys::napi_value>> {
    let (negative, digits) = match text.split_first() {
        Some((b'-', digits)) => (true, digits),
        Some((b'+', digits)) => (false, digits),
        _ => (false, text),
    };
    let valid = !digits.is_empty()
        && digits.len() <= BIGINT_DIGITS
        && digits.iter().all(u8::is_ascii_digit);
    if !valid {
        return Ok(None);
    }
    let mut words: Vec<u64> = vec![0];
    for digit in digits {
        let mut carry = u128::from(digit - b'0');
        for word in &mut words {
            let product = u128::from(*word) * 10 + carry;
            *word = low_half(product);
            carry = product >> 64;
        }
        if carry > 0 {
            words.push(low_half(carry));
        }
    }
    let number: Result<_> = make!(napi_create_bigint_words(
        env,
        i32::from(negative),
        words.len(),
        words.as_ptr()
    ));
    number.map(Some)
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "the other half is what is not asked for"
)]
fn low_half(number: u128) -> u64 {
    number as u64
}

/// An object without a prototype, so that no key means anything but itself.
pub(super) fn dictionary(env: sys::napi_env) -> Result<sys::napi_value> {
    let object = object(env)?;
    set_property(env, object, latin1(env, b"__proto__")?, null(env)?)?;
    Ok(object)
}

pub(super) fn set_element(
    env: sys::napi_env,
    array: sys::napi_value,
    index: u32,
    value: sys::napi_value,
) -> Result<()> {
    // SAFETY: both values were made in the current handle scope.
    check_status!(unsafe { sys::napi_set_element(env, array, index, value) })
}

pub(super) fn set_property(
    env: sys::napi_env,
    object: sys::napi_value,
    key: sys::napi_value,
    value: sys::napi_value,
) -> Result<()> {
    // SAFETY: all values were made in the current handle scope.
    check_status!(unsafe { sys::napi_set_property(env, object, key, value) })
}

/// `[kind, code, message, status, requestId, bucket, path, cause]`, from which `lib/` builds the
/// error of the right class. `cause` is `[code, message, code, message …]`, the nearest cause
/// first, or null.
pub(super) fn failure(env: sys::napi_env, error: &Error) -> Result<sys::napi_value> {
    let details = error.details();
    let text = |text: &Option<String>| match text {
        Some(text) => string(env, text.as_bytes()),
        None => null(env),
    };
    let cause = match causes(error).as_slice() {
        [] => null(env)?,
        causes => {
            let list = array(env)?;
            for (index, text) in (0..).zip(causes) {
                set_element(env, list, index, string(env, text.as_bytes())?)?;
            }
            list
        }
    };
    let items = [
        string(env, kind(error.kind()).as_bytes())?,
        string(env, error.code().as_bytes())?,
        string(env, error.message().as_bytes())?,
        match details.status {
            Some(status) => double(env, f64::from(status))?,
            None => null(env)?,
        },
        text(&details.request_id)?,
        text(&details.bucket)?,
        text(&details.path)?,
        cause,
    ];
    let failure = array(env)?;
    for (index, item) in (0..).zip(items) {
        set_element(env, failure, index, item)?;
    }
    Ok(failure)
}

/// Code and message of each error behind `error`, the nearest first.
fn causes(error: &Error) -> Vec<String> {
    let mut texts = Vec::new();
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        let code = if let Some(error) = source.downcast_ref::<Error>() {
            error.code()
        } else if let Some(error) = source.downcast_ref::<std::io::Error>() {
            system_code(error)
        } else {
            ""
        };
        texts.extend([code.to_owned(), source.to_string()]);
        next = source.source();
    }
    texts
}

/// Node's name of a failure of the operating system.
fn system_code(error: &std::io::Error) -> &'static str {
    use std::io::ErrorKind as Kind;
    match error.kind() {
        Kind::AddrNotAvailable => "EADDRNOTAVAIL",
        Kind::BrokenPipe => "EPIPE",
        Kind::ConnectionAborted => "ECONNABORTED",
        Kind::ConnectionRefused => "ECONNREFUSED",
        Kind::ConnectionReset | Kind::UnexpectedEof => "ECONNRESET",
        Kind::HostUnreachable => "EHOSTUNREACH",
        Kind::NetworkDown => "ENETDOWN",
        Kind::NetworkUnreachable => "ENETUNREACH",
        Kind::NotFound => "ENOENT",
        Kind::PermissionDenied => "EACCES",
        Kind::TimedOut => "ETIMEDOUT",
        // The standard library has no kind for it.
        _ if error.to_string().starts_with("failed to lookup address") => "ENOTFOUND",
        _ => "",
    }
}

fn kind(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidInput => "InvalidInput",
        ErrorKind::Credentials => "Credentials",
        ErrorKind::Connection => "Connection",
        ErrorKind::Timeout => "Timeout",
        ErrorKind::Tls => "Tls",
        ErrorKind::Protocol => "Protocol",
        ErrorKind::Server => "Server",
        ErrorKind::Conflict => "Conflict",
        ErrorKind::Cancelled => "Cancelled",
    }
}

/// A length as Node-API takes it: no value reaches the limit of `isize`.
fn length(length: usize) -> isize {
    isize::try_from(length).unwrap_or(isize::MAX)
}
