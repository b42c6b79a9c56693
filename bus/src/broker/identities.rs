//! Who may come, and as whom: tokens that were issued, keys they were exchanged for, names that are
//! taken (A4).
//!
//! Digests alone are kept, and every look goes through the whole table, so that the time it takes
//! tells nothing. Time is handed in.

use std::time::{Duration, Instant};

use thiserror::Error;

use super::Journaling;
use crate::acl::{Principal, Role};
use crate::identity::{Secret, SecretDigest};

/// Tokens a broker remembers, used and expired ones included; more are refused.
pub const MAX_TOKENS: usize = 1024;
/// Session keys a broker remembers: one for each id.
pub const MAX_SESSION_KEYS: usize = 1024;
/// How long a used or expired token is still known as such, so that whoever comes with it is told
/// what it is.
const REMEMBERED: Duration = Duration::from_mins(10);
/// Names nobody has without proof: of the agent, the broker, and the collectors of the documents.
pub const RESERVED_NAMES: [&str; 7] =
    ["agent", "broker", "daemoneye-agent", "procmond", "netmond", "fsmond", "perfmond"];

/// Why there is no token or key.
#[derive(Debug, Error)]
pub enum IssueError {
    /// So many are open already.
    #[error("{limit} tokens or keys are open, no more are remembered")]
    LimitReached {
        /// The limit.
        limit: usize,
    },
    /// The system has no randomness.
    #[error("no randomness for a token")]
    Randomness(#[source] std::io::Error),
}

/// Why somebody is not who it says.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum IdentityError {
    #[error("the token is not known here")]
    UnknownToken,
    #[error("the token was used before; each is good once")]
    UsedToken,
    #[error("the token has expired")]
    ExpiredToken,
    #[error("the session key is not known here")]
    UnknownKey,
    #[error("a token or session key has 32 bytes")]
    Malformed,
    #[error("the proof is of another name than {name:?}")]
    OtherName { name: String },
    #[error("the name {name:?} is reserved; it needs a token")]
    ReservedName { name: String },
    #[error("clients without a token are not admitted")]
    Unidentified,
}

/// Tokens, keys and names.
#[derive(Debug, Default)]
pub(super) struct Identities {
    tokens: Vec<Token>,
    keys: Vec<Key>,
    journal: Journaling,
}

#[derive(Debug)]
struct Token {
    digest: SecretDigest,
    principal: Principal,
    expires: Instant,
    used: bool,
}

#[derive(Debug)]
struct Key {
    digest: SecretDigest,
    principal: Principal,
}

impl Identities {
    /// Writes keys down from now on, having known some from the start.
    pub(super) fn remember(&mut self, journal: Journaling, known: Vec<(Principal, SecretDigest)>) {
        self.keys =
            known.into_iter().map(|(principal, digest)| Key { digest, principal }).collect();
        self.journal = journal;
    }

    /// Remembers a token for somebody.
    pub(super) fn accept_token(
        &mut self,
        token: &Secret,
        principal: Principal,
        lifetime: Duration,
        now: Instant,
    ) -> Result<(), IssueError> {
        self.tokens.retain(|token| now < token.expires + REMEMBERED);
        if self.tokens.len() >= MAX_TOKENS {
            return Err(IssueError::LimitReached { limit: MAX_TOKENS });
        }
        let digest = token.digest();
        self.tokens.push(Token { digest, principal, expires: now + lifetime, used: false });
        Ok(())
    }

    /// Opens a session for somebody: its new key. An older one of the same id is no longer good.
    pub(super) fn open_session(&mut self, principal: Principal) -> Result<Secret, IssueError> {
        let key = Secret::random().map_err(IssueError::Randomness)?;
        let digest = key.digest();
        self.keys.retain(|known| known.principal.id() != principal.id());
        if self.keys.len() >= MAX_SESSION_KEYS {
            return Err(IssueError::LimitReached { limit: MAX_SESSION_KEYS });
        }
        self.journal.with(|journal| journal.key_opened(&principal, &digest));
        self.keys.push(Key { digest, principal });
        Ok(key)
    }

    /// Uses a token up: who came with it.
    pub(super) fn redeem(
        &mut self,
        token: &Secret,
        name: &str,
        now: Instant,
    ) -> Result<Principal, IdentityError> {
        let digest = token.digest();
        let known = all(&mut self.tokens, |token| token.digest.is(&digest));
        let token = known.ok_or(IdentityError::UnknownToken)?;
        // Whoever has it has seen it, so that the attempt uses it up, whatever is wrong with it.
        let was_used = std::mem::replace(&mut token.used, true);
        match () {
            () if was_used => Err(IdentityError::UsedToken),
            () if now >= token.expires => Err(IdentityError::ExpiredToken),
            () => named(&token.principal, name),
        }
    }

    /// Who a session key is of.
    pub(super) fn recognise(
        &mut self,
        key: &Secret,
        name: &str,
    ) -> Result<Principal, IdentityError> {
        let digest = key.digest();
        let known = all(&mut self.keys, |key| key.digest.is(&digest));
        named(&known.ok_or(IdentityError::UnknownKey)?.principal, name)
    }

    /// Whether somebody without proof may have a name.
    pub(super) fn is_free(&self, name: &str) -> bool {
        let mut issued = self.tokens.iter().map(|token| &token.principal);
        let mut known = self.keys.iter().map(|key| &key.principal);
        !RESERVED_NAMES.contains(&name)
            && !issued.any(|principal| principal.id() == name)
            && !known.any(|principal| principal.id() == name)
    }
}

/// The entry that `is` it, having looked at all of them.
fn all<T>(entries: &mut [T], is: impl Fn(&T) -> bool) -> Option<&mut T> {
    entries.iter_mut().fold(None, |found, entry| if is(entry) { Some(entry) } else { found })
}

fn named(principal: &Principal, name: &str) -> Result<Principal, IdentityError> {
    if principal.id() != name {
        return Err(IdentityError::OtherName { name: name.to_owned() });
    }
    Ok(principal.clone())
}

/// The principal of a client without proof: its name where that can be an id.
pub(super) fn unidentified(name: &str, role: Role) -> Principal {
    Principal::new(name, role).unwrap_or_else(|_| {
        Principal::new("unidentified", role).expect("the text is a level of a topic")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIME: Duration = Duration::from_secs(30);

    fn procmond() -> Principal {
        Principal::new("procmond", Role::Collector(crate::acl::CollectorKind::Process))
            .expect("an id")
    }

    fn issued(identities: &mut Identities, now: Instant) -> Secret {
        let token = Secret::random().expect("randomness");
        identities.accept_token(&token, procmond(), LIFETIME, now).expect("room");
        token
    }

    #[test]
    fn a_token_is_good_once_in_its_time_and_for_its_name() {
        let (mut identities, now) = (Identities::default(), Instant::now());
        let token = issued(&mut identities, now);
        assert_eq!(identities.redeem(&token, "procmond", now), Ok(procmond()));
        assert_eq!(
            identities.redeem(&token, "procmond", now),
            Err(IdentityError::UsedToken),
            "the second time"
        );
        let late = issued(&mut identities, now);
        let expired = identities.redeem(&late, "procmond", now + LIFETIME);
        assert_eq!(expired, Err(IdentityError::ExpiredToken));
        let wrong = Secret::random().expect("randomness");
        let unknown = identities.redeem(&wrong, "procmond", now);
        assert_eq!(unknown, Err(IdentityError::UnknownToken));
        let other = issued(&mut identities, now);
        let name = "netmond".to_owned();
        assert_eq!(
            identities.redeem(&other, "netmond", now),
            Err(IdentityError::OtherName { name })
        );
        assert_eq!(
            identities.redeem(&other, "procmond", now),
            Err(IdentityError::UsedToken),
            "an attempt uses it up"
        );
    }

    #[test]
    fn a_session_key_is_good_until_the_next_session_of_its_id() {
        let mut identities = Identities::default();
        let first = identities.open_session(procmond()).expect("room");
        assert_eq!(identities.recognise(&first, "procmond"), Ok(procmond()));
        assert_eq!(identities.recognise(&first, "procmond"), Ok(procmond()), "again");
        let second = identities.open_session(procmond()).expect("room");
        assert_eq!(identities.recognise(&first, "procmond"), Err(IdentityError::UnknownKey));
        assert_eq!(identities.recognise(&second, "procmond"), Ok(procmond()));
    }

    #[test]
    fn names_are_taken_from_the_token_on() {
        let mut identities = Identities::default();
        assert!(identities.is_free("reader") && !identities.is_free("agent"));
        let watcher = Principal::new("watcher", Role::Agent).expect("an id");
        let token = Secret::random().expect("randomness");
        identities.accept_token(&token, watcher, LIFETIME, Instant::now()).expect("room");
        assert!(!identities.is_free("watcher"));
    }

    #[test]
    fn the_tables_have_limits_and_forget_what_is_long_over() {
        let (mut identities, now) = (Identities::default(), Instant::now());
        for _ in 0..MAX_TOKENS {
            issued(&mut identities, now);
        }
        let one_more = Secret::random().expect("randomness");
        let mut accept = |at| identities.accept_token(&one_more, procmond(), LIFETIME, at);
        assert!(matches!(accept(now), Err(IssueError::LimitReached { limit: MAX_TOKENS })));
        assert!(accept(now + LIFETIME + REMEMBERED).is_ok());
    }
}
