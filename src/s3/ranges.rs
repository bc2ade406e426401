//! Large downloads into memory: several ranges at once, each read to its place in one buffer.

use bytes::{BufMut, Bytes, BytesMut};
use tokio::task::JoinSet;

use super::body::{Origin, S3Body, too_short};
use crate::error::{Error, ErrorKind, Result};
use crate::net::{buffers, runtime};

/// A range is at least this long: opening another connection must pay.
const MIN_RANGE: u64 = 16 * 1024 * 1024;

/// Reads all that is left of a body, if it is long enough for more than one range.
pub(super) async fn collect(body: &mut S3Body) -> Result<Option<BytesMut>> {
    let Some((origin, length)) = body.rest().filter(|(origin, _)| origin.in_ranges) else {
        return Ok(None);
    };
    let ranges = split(length, u64::from(origin.client.options().queue_size));
    if ranges.len() < 2 {
        return Ok(None);
    }
    let room = usize::try_from(length).ok().and_then(buffers::take_room);
    let Some(mut buffer) = room.map(Bytes::from).map(BytesMut::from) else {
        return Ok(None);
    };
    let origin = origin.clone();
    let mut tasks = JoinSet::new();
    let mut places = Vec::with_capacity(ranges.len());
    for (index, (start, length)) in ranges.into_iter().enumerate() {
        let rest = buffer.split_off(usize::try_from(length).unwrap_or(buffer.capacity()));
        let place = std::mem::replace(&mut buffer, rest);
        places.push(BytesMut::new());
        if index == 0 {
            // The open response is as good as one for the first range.
            places[0] = place;
            body.truncate(length);
        } else {
            let origin = Origin {
                position: origin.position + start,
                ..origin.clone()
            };
            let part = S3Body::part(origin, length);
            let read = async move { Ok::<_, Error>((index, fill(part, place, length).await?)) };
            tasks.spawn_on(read, runtime::shared().handle());
        }
    }
    let length = body.rest().map_or(0, |(_, length)| length);
    places[0] = read_all(body, std::mem::take(&mut places[0]), length).await?;
    while let Some(read) = tasks.join_next().await {
        let (index, place) = read.map_err(|source| {
            let message = "a part of the download was cancelled";
            Error::new(ErrorKind::Cancelled, "ERR_S3_CANCELLED", message).with_source(source)
        })??;
        places[index] = place;
    }
    // All are parts of one allocation: joining them copies nothing.
    let mut whole = BytesMut::new();
    for place in places {
        whole.unsplit(place);
    }
    Ok(Some(whole))
}

async fn fill(mut body: S3Body, place: BytesMut, length: u64) -> Result<BytesMut> {
    read_all(&mut body, place, length).await
}

/// Reads so many bytes into a buffer that has room for them.
async fn read_all(body: &mut S3Body, place: BytesMut, length: u64) -> Result<BytesMut> {
    let mut into = place.limit(usize::try_from(length).unwrap_or(usize::MAX));
    while into.has_remaining_mut() {
        if body.read(&mut into).await? == 0 {
            return Err(too_short());
        }
    }
    Ok(into.into_inner())
}

/// Starts and lengths of the ranges by which so many bytes are read.
fn split(length: u64, most: u64) -> Vec<(u64, u64)> {
    let count = (length / MIN_RANGE).clamp(1, most.max(1));
    let each = length.div_ceil(count);
    (0..count)
        .map(|index| (index * each, each.min(length - index * each)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_cover_everything_once() {
        for length in [
            0,
            1,
            MIN_RANGE * 2 - 1,
            MIN_RANGE * 2,
            MIN_RANGE * 3 + 1,
            MIN_RANGE * 100 + 7,
        ] {
            for most in [0, 1, 2, 5, 255] {
                let ranges = split(length, most);
                assert!(ranges.len() as u64 <= most.max(1));
                let mut next = 0;
                for (start, length) in &ranges {
                    assert_eq!(*start, next);
                    next += length;
                }
                assert_eq!(next, length);
                assert!(
                    ranges.len() == 1 || ranges.iter().all(|(_, length)| *length > MIN_RANGE / 2)
                );
            }
        }
    }
}
