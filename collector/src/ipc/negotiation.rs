//! What a client is granted: a version both speak, and what the collector has of what is wanted.

use daemoneye_eventbus::SourceCaps;

use super::{Grant, GrantedLimits, IpcRefusal, MAX_CLIENT_BYTES, MAX_VERSION, MIN_VERSION, Offer};

/// Grants what there is, or says what is missing.
pub(super) fn negotiate(
    offer: &Offer,
    present: SourceCaps,
    limits: GrantedLimits,
) -> Result<Grant, IpcRefusal> {
    let version = offer.max_version.min(MAX_VERSION);
    if version < offer.min_version.max(MIN_VERSION) {
        return Err(IpcRefusal::Version { min: MIN_VERSION, max: MAX_VERSION });
    }
    let bytes = offer.client.len();
    if bytes > MAX_CLIENT_BYTES {
        let reason = format!("a name of {bytes} bytes, the limit is {MAX_CLIENT_BYTES}");
        return Err(IpcRefusal::Invalid { reason });
    }
    if !present.contains(offer.required) {
        return Err(IpcRefusal::MissingCapabilities { needed: offer.required, present });
    }
    let granted = (offer.wanted | offer.required) & present;
    Ok(Grant { version, granted, limits })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::IpcConfig;

    const THERE: SourceCaps = SourceCaps::PROCESS.union(SourceCaps::REALTIME);

    fn asked(offer: &Offer) -> Result<Grant, IpcRefusal> {
        negotiate(offer, THERE, GrantedLimits::from(&IpcConfig::default()))
    }

    #[test]
    fn what_is_wanted_and_there_is_granted() {
        let wanted = SourceCaps::PROCESS | SourceCaps::NETWORK;
        let grant = asked(&Offer::new("c").with_wanted(wanted)).unwrap();
        assert_eq!((grant.version, grant.granted), (MAX_VERSION, SourceCaps::PROCESS));
        assert_eq!(grant.limits.frame_bytes, 64 << 10);
        let nothing = asked(&Offer::new("c")).unwrap();
        assert_eq!(nothing.granted, SourceCaps::empty());
    }

    #[test]
    fn what_is_required_is_granted_or_nothing_is() {
        let grant = asked(&Offer::new("c").with_required(SourceCaps::REALTIME)).unwrap();
        assert_eq!(grant.granted, SourceCaps::REALTIME);
        let needed = SourceCaps::REALTIME | SourceCaps::KERNEL_LEVEL;
        let refused = asked(&Offer::new("c").with_required(needed));
        assert_eq!(refused, Err(IpcRefusal::MissingCapabilities { needed, present: THERE }));
    }

    #[test]
    fn a_capability_nobody_here_knows_is_missing_where_it_is_required() {
        let unknown = SourceCaps::from_bits_retain(1 << 31);
        assert_eq!(asked(&Offer::new("c").with_wanted(unknown)).unwrap().granted.bits(), 0);
        assert!(asked(&Offer::new("c").with_required(unknown)).is_err());
    }

    #[test]
    fn versions_without_a_common_one_are_refused_with_ours() {
        let offered = |min_version, max_version| {
            asked(&Offer { min_version, max_version, ..Offer::new("c") }).map(|grant| grant.version)
        };
        let refused = Err(IpcRefusal::Version { min: MIN_VERSION, max: MAX_VERSION });
        assert_eq!(offered(0, u32::MAX), Ok(MAX_VERSION));
        assert_eq!(offered(MAX_VERSION, MAX_VERSION + 1), Ok(MAX_VERSION));
        assert_eq!(offered(MAX_VERSION + 1, MAX_VERSION + 1), refused);
        assert_eq!(offered(0, 0), refused);
        assert_eq!(offered(MAX_VERSION + 1, MIN_VERSION), refused);
    }

    #[test]
    fn a_name_ends_at_its_limit() {
        assert!(asked(&Offer::new("x".repeat(MAX_CLIENT_BYTES))).is_ok());
        let refused = asked(&Offer::new("x".repeat(MAX_CLIENT_BYTES + 1)));
        assert!(matches!(refused, Err(IpcRefusal::Invalid { .. })), "{refused:?}");
    }
}
