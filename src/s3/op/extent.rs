//! Which bytes of an object an answer to a GET is to bring. Pure.

use super::get::ByteRange;
use crate::net::http::Headers;

/// The bytes that an answer stands for. A store may send fewer: then the rest is still to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Where in the object they begin, if that is known.
    pub start: Option<u64>,
    /// How many they are, if that is known.
    pub length: Option<u64>,
}

/// `Content-Range`: the first byte, the one behind the last, and the length of the object if told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ContentRange {
    start: u64,
    end: u64,
    total: Option<u64>,
}

impl ContentRange {
    fn from_headers(headers: &Headers) -> Option<Self> {
        let range = headers.get("content-range")?.strip_prefix("bytes ")?;
        let (bounds, total) = range.trim().split_once('/')?;
        let (first, last) = bounds.split_once('-')?;
        Some(Self {
            start: first.parse().ok()?,
            end: last.parse::<u64>().ok()?.checked_add(1)?,
            total: total.parse().ok(),
        })
    }

    /// Where the bytes that were asked for begin and end, as far as this answer tells.
    fn asked(self, range: ByteRange) -> (u64, u64) {
        let object = self.total.unwrap_or(self.end);
        match range {
            ByteRange::Bounded {
                start,
                end_exclusive,
            } => (start, end_exclusive.min(object)),
            ByteRange::From(start) => (start, object),
            ByteRange::Suffix(length) if self.total.is_some() => {
                (object.saturating_sub(length), object)
            }
            ByteRange::Suffix(length) => (self.start.max(object.saturating_sub(length)), object),
        }
    }
}

/// What an answer with so many announced bytes stands for, if it may be that to a request for a
/// range, or for the whole. A store may ignore a range, which is right only if that begins where
/// the object does. `None` for other bytes than were asked for.
#[must_use]
pub fn extent(
    range: Option<ByteRange>,
    status: u16,
    headers: &Headers,
    announced: Option<u64>,
) -> Option<Extent> {
    let Some(range) = range else {
        let whole = Extent {
            start: Some(0),
            length: announced,
        };
        return (status != 206).then_some(whole);
    };
    let content = ContentRange::from_headers(headers).filter(|_| status == 206);
    if let Some(content) = content {
        let (start, end) = content.asked(range);
        let sent = content.end.checked_sub(content.start)?;
        let is_within = content.start == start && sent > 0 && content.end <= end;
        return (is_within && announced.is_none_or(|length| length <= sent)).then_some(Extent {
            start: Some(start),
            length: Some(end - start),
        });
    }
    let (first, most) = match range {
        ByteRange::Bounded {
            start,
            end_exclusive,
        } => (Some(start), end_exclusive.saturating_sub(start)),
        ByteRange::From(start) => (Some(start), u64::MAX),
        ByteRange::Suffix(length) => (None, length),
    };
    let start = (status == 200).then_some(0);
    let is_elsewhere = first.zip(start).is_some_and(|(asked, got)| asked != got);
    let is_right = !is_elsewhere
        && match announced {
            Some(length) => length <= most,
            // Of a range that was ignored nobody would notice the end.
            None => status == 206 || most == u64::MAX,
        };
    is_right.then_some(Extent {
        start,
        length: announced,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIDDLE: Option<ByteRange> = Some(ByteRange::Bounded {
        start: 100,
        end_exclusive: 200,
    });
    const BEGINNING: Option<ByteRange> = Some(ByteRange::Bounded {
        start: 0,
        end_exclusive: 200,
    });
    const REST: Option<ByteRange> = Some(ByteRange::From(100));
    const END: Option<ByteRange> = Some(ByteRange::Suffix(100));

    fn of(
        range: Option<ByteRange>,
        status: u16,
        value: &str,
        announced: Option<u64>,
    ) -> Option<(Option<u64>, Option<u64>)> {
        let headers = [("content-range", value)].into_iter().collect();
        let extent = extent(range, status, &headers, announced);
        extent.map(|Extent { start, length }| (start, length))
    }

    #[test]
    fn content_ranges() {
        let read = |value| {
            let range =
                ContentRange::from_headers(&[("Content-Range", value)].into_iter().collect());
            range.map(|range| (range.start, range.end, range.total))
        };
        assert_eq!(read("bytes 7-9/10"), Some((7, 10, Some(10))));
        assert_eq!(read("bytes  7-9/* "), Some((7, 10, None)));
        for value in [
            "bytes */10",
            "items 7-9/10",
            "",
            "bytes x-9/10",
            "bytes 7-9",
            "bytes 0-18446744073709551615/*",
        ] {
            assert_eq!(read(value), None, "{value}");
        }
    }

    #[test]
    fn answers_that_are_right() {
        for (range, status, value, announced, expected) in [
            (None, 200, "", Some(1000), (Some(0), Some(1000))),
            (
                MIDDLE,
                206,
                "bytes 100-199/1000",
                Some(100),
                (Some(100), Some(100)),
            ),
            (
                MIDDLE,
                206,
                "bytes 100-149/150",
                Some(50),
                (Some(100), Some(50)),
            ),
            (
                MIDDLE,
                206,
                "bytes 100-149/*",
                Some(50),
                (Some(100), Some(50)),
            ),
            (
                MIDDLE,
                206,
                "bytes 100-199/1000",
                None,
                (Some(100), Some(100)),
            ),
            (MIDDLE, 206, "", None, (None, None)),
            (MIDDLE, 204, "", Some(0), (None, Some(0))),
            (BEGINNING, 200, "", Some(150), (Some(0), Some(150))),
            (
                REST,
                206,
                "bytes 100-999/1000",
                Some(900),
                (Some(100), Some(900)),
            ),
            (
                Some(ByteRange::From(0)),
                200,
                "",
                Some(1000),
                (Some(0), Some(1000)),
            ),
            (
                END,
                206,
                "bytes 900-999/1000",
                Some(100),
                (Some(900), Some(100)),
            ),
            (
                END,
                206,
                "bytes 900-999/*",
                Some(100),
                (Some(900), Some(100)),
            ),
            (END, 206, "bytes 0-49/50", Some(50), (Some(0), Some(50))),
            (END, 200, "", Some(50), (Some(0), Some(50))),
            (Some(ByteRange::From(0)), 200, "", None, (Some(0), None)),
        ] {
            let got = of(range, status, value, announced);
            assert_eq!(
                got,
                Some(expected),
                "{range:?} {status} {value} {announced:?}"
            );
        }
    }

    #[test]
    fn what_is_sent_of_them_does_not_make_them_fewer() {
        for (range, value, announced, expected) in [
            (MIDDLE, "bytes 100-199/1000", 40, (100, 100)),
            (MIDDLE, "bytes 100-139/1000", 40, (100, 100)),
            (MIDDLE, "bytes 100-139/150", 40, (100, 50)),
            (MIDDLE, "bytes 100-199/*", 40, (100, 100)),
            (REST, "bytes 100-299/1000", 200, (100, 900)),
            (REST, "bytes 100-999/1000", 0, (100, 900)),
            (END, "bytes 900-949/1000", 50, (900, 100)),
        ] {
            let got = of(range, 206, value, Some(announced));
            let expected = (Some(expected.0), Some(expected.1));
            assert_eq!(got, Some(expected), "{range:?} {value} {announced}");
        }
    }

    #[test]
    fn other_bytes_than_were_asked_for() {
        for (range, status, value, announced) in [
            (None, 206, "bytes 0-99/1000", Some(100)),
            (MIDDLE, 206, "bytes 0-99/1000", Some(100)),
            (MIDDLE, 206, "bytes 100-499/1000", Some(400)),
            (MIDDLE, 206, "bytes 100-149/1000", Some(51)),
            (MIDDLE, 206, "bytes 100-99/1000", Some(0)),
            (MIDDLE, 206, "bytes 100-199/150", Some(100)),
            (MIDDLE, 200, "", Some(100)),
            (BEGINNING, 200, "", Some(1000)),
            (REST, 206, "bytes 0-999/1000", Some(1000)),
            (END, 206, "bytes 800-899/1000", Some(100)),
            (END, 206, "bytes 800-999/*", Some(200)),
            (END, 200, "", Some(1000)),
            (BEGINNING, 200, "", None),
            (END, 200, "", None),
        ] {
            let got = of(range, status, value, announced);
            assert_eq!(got, None, "{range:?} {status} {value} {announced:?}");
        }
    }
}
