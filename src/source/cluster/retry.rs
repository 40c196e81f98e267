//! When a request is worth another try, and how long to wait before it: few tries, and waits that the server or a fixed
//! table decides, so that the same faults always give the same result.

use std::time::Duration;

use super::api::Reply;
use super::error::Failure;

/// What is waited before the second try, the third, and so on, where the server does not say.
const WAITS: [Duration; 4] =
    [Duration::from_millis(200), Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

/// The wait before the next try after `tries` of them, or `None` when the outcome is final.
pub(super) fn wait(outcome: &Result<Reply, Failure>, tries: usize) -> Option<Duration> {
    let usual = WAITS.get(tries.checked_sub(1)?)?;
    match outcome {
        Ok(reply) => match reply.status {
            429 | 503 | 504 => Some(reply.retry_after.unwrap_or(*usual)),
            _ => None,
        },
        Err(Failure::BrokenOff(_) | Failure::Unreachable(_)) => Some(*usual),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, retry_after: Option<u64>) -> Result<Reply, Failure> {
        Ok(Reply { status, retry_after: retry_after.map(Duration::from_secs), body: bytes::Bytes::new() })
    }

    #[test]
    fn the_server_says_how_long_to_wait() {
        assert_eq!(wait(&reply(429, Some(7)), 1), Some(Duration::from_secs(7)));
        assert_eq!(wait(&reply(429, None), 2), Some(WAITS[1]));
    }

    #[test]
    fn tries_are_few() {
        assert_eq!(wait(&reply(503, None), WAITS.len()), Some(WAITS[3]));
        assert_eq!(wait(&reply(503, None), WAITS.len() + 1), None);
    }

    #[test]
    fn what_will_not_change_is_final() {
        for status in [200, 400, 401, 403, 404, 410, 500] {
            assert_eq!(wait(&reply(status, None), 1), None, "{status}");
        }
        assert_eq!(wait(&Err(Failure::Timeout(Duration::from_secs(1))), 1), None);
        assert_eq!(wait(&Err(Failure::Tls(String::new())), 1), None);
        assert_eq!(wait(&Err(Failure::BrokenOff(String::new())), 1), Some(WAITS[0]));
    }
}
