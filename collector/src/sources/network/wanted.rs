//! Which sockets are watched at all, by what never changes about them.

use super::observation::Endpoints;
use crate::config::{NetmondConfig, TransportProtocol};

/// The part of the configuration that leaves sockets out before anybody asks whose they are.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    protocols: Vec<TransportProtocol>,
    without_peer: bool,
    loopback: bool,
}

impl Wanted {
    pub(super) fn new(config: &NetmondConfig) -> Self {
        Self {
            protocols: config.protocols.clone(),
            without_peer: config.listening,
            loopback: config.loopback,
        }
    }

    /// Whether sockets of a protocol are to be read.
    pub(super) fn includes(&self, protocol: TransportProtocol) -> bool {
        self.protocols.contains(&protocol)
    }

    /// Whether a socket is to be told.
    pub(super) fn keeps(&self, endpoints: &Endpoints) -> bool {
        self.includes(endpoints.protocol)
            && (self.without_peer || endpoints.remote.is_some())
            && (self.loopback || !endpoints.local.ip().is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(config: &NetmondConfig) -> Vec<(&'static str, &'static str, &'static str)> {
        let all = [
            ("tcp", "10.0.0.1:80", "0.0.0.0:0"),
            ("tcp", "10.0.0.1:80", "10.0.0.2:9"),
            ("tcp", "127.0.0.1:80", "0.0.0.0:0"),
            ("tcp", "[::1]:80", "[::1]:9"),
            ("udp", "0.0.0.0:53", "0.0.0.0:0"),
            ("udp", "127.0.0.1:53", "127.0.0.1:9"),
        ];
        let wanted = Wanted::new(config);
        let keeps = |(protocol, local, remote): &(&str, &str, &str)| {
            let tcp = *protocol == "tcp";
            let protocol = if tcp { TransportProtocol::Tcp } else { TransportProtocol::Udp };
            let remote = Some(remote.parse().unwrap());
            wanted.keeps(&Endpoints::new(protocol, local.parse().unwrap(), remote))
        };
        all.into_iter().filter(keeps).collect()
    }

    #[test]
    fn everything_is_watched_by_default() {
        assert_eq!(kept(&NetmondConfig::default()).len(), 6);
    }

    #[test]
    fn each_key_leaves_its_own_sockets_out() {
        let tcp = NetmondConfig::default().with_protocols([TransportProtocol::Tcp]);
        assert!(kept(&tcp).iter().all(|(protocol, ..)| *protocol == "tcp"));
        assert_eq!(kept(&tcp).len(), 4);

        let connected = NetmondConfig { listening: false, ..NetmondConfig::default() };
        assert!(kept(&connected).iter().all(|(.., remote)| *remote != "0.0.0.0:0"));
        assert_eq!(kept(&connected).len(), 3);

        let outside = NetmondConfig { loopback: false, ..NetmondConfig::default() };
        let locals: Vec<_> = kept(&outside).into_iter().map(|(_, local, _)| local).collect();
        assert_eq!(locals, ["10.0.0.1:80", "10.0.0.1:80", "0.0.0.0:53"]);
    }
}
