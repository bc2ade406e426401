//! What JavaScript answers when a lane asks it.

use napi_derive::napi;

use super::redis_lane::RedisLane;
use crate::redis::config::Address;
use crate::redis::credentials::Credentials;

#[napi]
impl RedisLane {
    /// Answers a `Credentials` event.
    #[napi(catch_unwind)]
    pub fn credentials(&self, asked: u32, username: String, password: String) {
        self.credentials
            .answer(asked, Ok(Credentials { username, password }));
    }

    /// Answers a `Credentials` event with why there are none.
    #[napi(catch_unwind)]
    pub fn no_credentials(&self, asked: u32, code: String, message: String) {
        let error = crate::Error::new(crate::ErrorKind::Credentials, code, message);
        self.credentials.answer(asked, Err(error));
    }

    /// Answers an `Address` event.
    #[napi(catch_unwind)]
    pub fn address_found(&self, asked: u32, host: String, port: u16) {
        self.addresses
            .answer(asked, Ok(Address::Host { host, port }));
    }

    /// Answers an `Address` event with why there is none.
    #[napi(catch_unwind)]
    pub fn no_address(&self, asked: u32, code: String, message: String) {
        let error = crate::Error::new(crate::ErrorKind::Connection, code, message);
        self.addresses.answer(asked, Err(error));
    }
}
