//! Asking one sentinel.

use std::time::Duration;

use tokio::time::timeout;

use super::answer::{self, Answer, QUESTIONS};
use super::group::Group;
use crate::error::{Error, ErrorKind, Result};
use crate::redis::config::{Address, Config};
use crate::redis::connect::{locate, open, shake_hands, write_all};
use crate::redis::credentials::Credentials;
use crate::redis::driver::{End, lost};
use crate::redis::introduction::Introduction;
use crate::redis::lifecycle;
use crate::redis::receiver::Receiver;
use crate::redis::resp::decode::Value;

/// A sentinel that takes longer has not answered.
const LIMIT: Duration = Duration::from_secs(5);
/// An answer that is longer is none.
const LONGEST_ANSWER: usize = 1024 * 1024;

/// Asks one sentinel about the group.
pub(super) async fn ask(group: &Group, sentinel: &Address) -> Result<Answer> {
    let asked = timeout(LIMIT, converse(group, sentinel)).await;
    let answer = asked.unwrap_or_else(|_| {
        let limit = u32::try_from(LIMIT.as_millis()).unwrap_or(u32::MAX);
        Err(End::Lost(lifecycle::connect_timeout(limit)))
    });
    answer.map_err(|end| match end {
        End::Lost(error) | End::Moved(error) | End::Fatal(error) => error,
        End::Superseded => lifecycle::closed(),
    })
}

async fn converse(group: &Group, sentinel: &Address) -> Result<Answer, End> {
    let config = &group.sentinel;
    let located = locate(config, sentinel).await?;
    let socket = open(&located, &config.dial()).await?;
    let mut receiver = Receiver::new();
    shake_hands(&socket, &mut receiver, introduction(config), |_, _| {}).await?;
    let questions = answer::questions(&group.options.name).concat();
    write_all(&socket, &questions).await.map_err(lost)?;
    let mut replies = Vec::with_capacity(QUESTIONS);
    let mut length = 0;
    loop {
        let frame = receiver
            .frame()
            .map_err(|malformed| End::Lost(malformed.into()))?;
        if let Some(frame) = frame {
            // An error is an answer too.
            replies.push(Value::decode(&frame).or_else(told).map_err(End::Lost)?);
            match replies.try_into() {
                Ok(all) => return Answer::of(all).map_err(End::Lost),
                Err(few) => replies = few,
            }
            continue;
        }
        if length > LONGEST_ANSWER {
            return Err(End::Lost(too_long()));
        }
        socket.readable().await.map_err(lost)?;
        length += receiver.read(&socket).map_err(lost)?;
    }
}

/// The error of a server as a value.
fn told(error: Error) -> Result<Value> {
    match error.kind() {
        ErrorKind::Server => Ok(Value::Error(error.message().to_owned())),
        _ => Err(error),
    }
}

fn introduction(config: &Config) -> Introduction {
    Introduction {
        credentials: Credentials {
            username: config.target.username.clone(),
            password: config.target.password.clone(),
        },
        ..Introduction::default()
    }
}

fn too_long() -> Error {
    Error::new(
        ErrorKind::Protocol,
        "ERR_REDIS_INVALID_RESPONSE",
        "the sentinel's answer has no end",
    )
}
