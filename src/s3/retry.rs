//! When and after how long a failed request is sent again. Pure: randomness is an argument.

use std::time::Duration;

/// Whether an answer of this status may succeed when asked again.
#[must_use]
pub fn retryable(status: u16) -> bool {
    matches!(status, 429 | 500 | 502 | 503 | 504)
}

/// Full jitter over 50 ms (1 s when throttled) doubled per attempt, at most 20 s.
/// `random` is in `0..1`; `attempt` counts from 0; `retry_after` adds at most 5 s.
#[must_use]
pub fn delay(
    attempt: u32,
    throttled: bool,
    random: f64,
    retry_after: Option<Duration>,
) -> Duration {
    let base = Duration::from_millis(if throttled { 1_000 } else { 50 });
    let ceiling = base
        .saturating_mul(1 << attempt.min(16))
        .min(Duration::from_secs(20));
    let jittered = ceiling.mul_f64(random.clamp(0.0, 1.0));
    retry_after.map_or(jittered, |after| {
        after.clamp(jittered, jittered + Duration::from_secs(5))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_bounded() {
        assert_eq!(delay(0, false, 1.0, None), Duration::from_millis(50));
        assert_eq!(delay(60, true, 1.0, None), Duration::from_secs(20));
    }
}
