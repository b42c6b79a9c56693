//! How often: a token bucket, kept as the moment it will be full. So it is exact in whole
//! nanoseconds and costs nothing while nobody takes from it.

/// Nanoseconds of a minute.
const MINUTE_NS: u64 = 60_000_000_000;

/// A bucket that is full at first and fills up evenly.
#[derive(Debug)]
pub(super) struct Bucket {
    /// How long one token takes to come back.
    token_ns: u64,
    /// How long all of them take.
    capacity_ns: u64,
    /// When none will be missing.
    full_at_ns: u64,
}

impl Bucket {
    /// So many tokens, which come back within a minute; with 0 there is never one.
    pub(super) fn per_minute(tokens: u32) -> Self {
        let tokens = u64::from(tokens);
        let token_ns = MINUTE_NS.checked_div(tokens).unwrap_or(u64::MAX);
        Self { token_ns, capacity_ns: token_ns.saturating_mul(tokens), full_at_ns: 0 }
    }

    /// Takes a token, if there is one.
    pub(super) fn take(&mut self, now_ns: u64) -> bool {
        let missing_ns = self.full_at_ns.saturating_sub(now_ns);
        let then_missing_ns = missing_ns.saturating_add(self.token_ns);
        if then_missing_ns > self.capacity_ns {
            return false;
        }
        self.full_at_ns = now_ns.saturating_add(then_missing_ns);
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND_NS: u64 = 1_000_000_000;

    fn taken(bucket: &mut Bucket, now_ns: u64) -> usize {
        (0..10_000).take_while(|_| bucket.take(now_ns)).count()
    }

    #[test]
    fn as_many_as_a_minute_has_can_be_taken_at_once() {
        let mut bucket = Bucket::per_minute(60);
        assert_eq!(taken(&mut bucket, 7 * SECOND_NS), 60);
    }

    #[test]
    fn a_token_comes_back_to_the_nanosecond() {
        let mut bucket = Bucket::per_minute(60);
        let start_ns = 100 * SECOND_NS;
        taken(&mut bucket, start_ns);
        assert!(!bucket.take(start_ns + SECOND_NS - 1));
        assert!(bucket.take(start_ns + SECOND_NS));
        assert!(!bucket.take(start_ns + 2 * SECOND_NS - 1));
        assert_eq!(taken(&mut bucket, start_ns + 5 * SECOND_NS), 4);
    }

    #[test]
    fn a_bucket_is_no_more_than_full_however_long_nobody_takes() {
        let mut bucket = Bucket::per_minute(3);
        assert_eq!(taken(&mut bucket, 0), 3);
        assert_eq!(taken(&mut bucket, u64::MAX / 2), 3);
    }

    #[test]
    fn with_no_tokens_there_is_never_one() {
        assert!(!Bucket::per_minute(0).take(u64::MAX));
    }

    proptest! {
        #[test]
        fn never_more_are_taken_than_were_there_and_came_back(
            tokens in 1_u32..200,
            steps in proptest::collection::vec(0_u64..20 * SECOND_NS, 1..60),
        ) {
            let mut bucket = Bucket::per_minute(tokens);
            let (start_ns, mut now_ns, mut total) = (SECOND_NS, SECOND_NS, 0);
            for step in steps {
                now_ns += step;
                total += taken(&mut bucket, now_ns);
                let came_back = (now_ns - start_ns) / (MINUTE_NS / u64::from(tokens));
                prop_assert!(total as u64 <= u64::from(tokens) + came_back);
            }
        }
    }
}
