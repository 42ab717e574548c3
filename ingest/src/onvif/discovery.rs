//! WS-Discovery: a probe to everybody on the network, and who answers it.

use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddrV4, UdpSocket},
    time::{Duration, Instant},
};

use socket2::{Domain, Protocol, Socket, Type};
use url::Url;

use super::{OnvifError, soap::shortened, xml::Element};

/// Where devices listen for probes (WS-Discovery 2005/04, chapter 2.4).
const EVERYBODY: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(239, 255, 255, 250), 3702);
/// So many devices are listed; more are no network of cameras but somebody who makes them up.
const MOST_DEVICES: usize = 1024;
/// How often the probe is sent: UDP loses some.
const PROBES: u32 = 3;

/// How devices are looked for.
#[derive(Debug, Clone)]
pub struct Discovery {
    /// Addresses of the interfaces to look on.
    pub interfaces: Vec<Ipv4Addr>,
    /// How long answers are waited for.
    pub timeout: Duration,
}

/// A device that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its own name, the same at each start.
    pub endpoint: String,
    /// Where its answer came from.
    pub from: IpAddr,
    /// Where it is asked for more.
    pub service: Url,
}

/// Addresses of this machine's interfaces that are up, loopback excepted.
///
/// # Errors
/// [`OnvifError::NoNetwork`] where there is none.
pub fn interfaces() -> Result<Vec<Ipv4Addr>, OnvifError> {
    let found = if_addrs::get_if_addrs().unwrap_or_default();
    let usable = found.iter().filter(|one| one.is_oper_up() && !one.is_loopback());
    let mut addresses: Vec<Ipv4Addr> = usable
        .filter_map(|one| match one.ip() {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        })
        .collect();
    addresses.sort_unstable();
    addresses.dedup();
    if addresses.is_empty() { Err(OnvifError::NoNetwork) } else { Ok(addresses) }
}

/// Looks for devices on all interfaces at once; in the order of their addresses. Blocks for as long as the time-out says.
///
/// # Errors
/// [`OnvifError::Send`] where nothing can be sent from any interface.
pub fn discover(discovery: &Discovery) -> Result<Vec<Found>, OnvifError> {
    let (mut found, mut failure) = (BTreeMap::new(), None);
    let looked: Vec<_> = std::thread::scope(|scope| {
        let look = |&interface| scope.spawn(move || (interface, look_on(interface, discovery.timeout)));
        let threads: Vec<_> = discovery.interfaces.iter().map(look).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    let mut has_looked = false;
    for (interface, outcome) in looked {
        match outcome {
            Ok(devices) => {
                has_looked = true;
                found.extend(
                    devices.into_iter().map(|device| ((device.from, device.service.clone()), device)),
                );
            }
            Err(source) => failure = failure.or(Some(OnvifError::Send { interface, source })),
        }
    }
    match failure {
        Some(failure) if !has_looked => Err(failure),
        _ => Ok(found.into_values().collect()),
    }
}

fn look_on(interface: Ipv4Addr, timeout: Duration) -> io::Result<Vec<Found>> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.bind(&SocketAddrV4::new(interface, 0).into())?;
    socket.set_multicast_if_v4(&interface)?;
    let socket = UdpSocket::from(socket);
    let message_id = message_id();
    let probe = probe(&message_id);
    let (began, mut sent) = (now(), 0);
    let mut found: BTreeMap<String, Found> = BTreeMap::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let passed = now().duration_since(began);
        if passed >= timeout {
            return Ok(found.into_values().collect());
        }
        if sent < PROBES && passed >= timeout / 4 * sent {
            socket.send_to(probe.as_bytes(), EVERYBODY)?;
            sent += 1;
        }
        let next = if sent < PROBES { timeout / 4 * sent } else { timeout };
        socket.set_read_timeout(Some(next.saturating_sub(passed).max(Duration::from_millis(1))))?;
        match socket.recv_from(&mut buffer) {
            Ok((length, from)) => {
                for device in matches(&buffer[..length], from.ip(), &message_id) {
                    if found.len() < MOST_DEVICES {
                        found.entry(device.endpoint.clone()).or_insert(device);
                    }
                }
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
            // Some system tells of a datagram that nobody took.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
            Err(error) => return Err(error),
        }
    }
}

/// For pacing only.
fn now() -> Instant {
    Instant::now()
}

/// A random UUID (RFC 9562, version 4).
fn message_id() -> String {
    let [a, b, c, d, e, f] = std::array::from_fn(|_| fastrand::u16(..));
    format!(
        "urn:uuid:{a:04x}{b:04x}-{c:04x}-4{:03x}-8{:03x}-{f:04x}{:08x}",
        d & 0xfff,
        e & 0xfff,
        fastrand::u32(..)
    )
}

fn probe(message_id: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
         xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\" \
         xmlns:dn=\"http://www.onvif.org/ver10/network/wsdl\"><s:Header>\
         <a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>\
         <a:MessageID>{message_id}</a:MessageID>\
         <a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header><s:Body>\
         <d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></s:Body></s:Envelope>"
    )
}

/// The devices that a datagram tells of; none where it is not an answer to our probe.
pub(super) fn matches(datagram: &[u8], from: IpAddr, message_id: &str) -> Vec<Found> {
    let Ok(root) = Element::parse(datagram) else { return Vec::new() };
    if root.text_of("RelatesTo") != Some(message_id) {
        return Vec::new();
    }
    let Some(answer) = root.find("ProbeMatches") else { return Vec::new() };
    let found = |one: &Element| {
        let endpoint = one.find("EndpointReference")?.text_of("Address")?;
        let service = service_of(one.text_of("XAddrs").unwrap_or_default(), from)?;
        Some(Found { endpoint: shortened(endpoint), from, service })
    };
    answer.all("ProbeMatch").filter_map(found).collect()
}

/// Of the addresses that a device names the first at its own host: a login is not to be sent elsewhere because somebody says so.
fn service_of(addresses: &str, from: IpAddr) -> Option<Url> {
    let own = |url: &Url| url.scheme() == "http" && url.host_str() == Some(&from.to_string());
    let named = addresses.split_whitespace().filter_map(|text| Url::parse(text).ok()).find(own);
    named.or_else(|| Url::parse(&format!("http://{from}/onvif/device_service")).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(relates_to: &str, addresses: &str) -> String {
        format!(
            "<e:Envelope><e:Header><w:RelatesTo>{relates_to}</w:RelatesTo></e:Header><e:Body><d:ProbeMatches><d:ProbeMatch>\
             <w:EndpointReference><w:Address>urn:uuid:1</w:Address></w:EndpointReference><d:XAddrs>{addresses}</d:XAddrs>\
             </d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>"
        )
    }

    #[test]
    fn an_answer_is_to_our_probe_and_names_its_sender() {
        let from: IpAddr = "10.0.0.7".parse().expect("an address");
        let service = |addresses: &str| -> Vec<String> {
            let found = matches(answer("urn:uuid:x", addresses).as_bytes(), from, "urn:uuid:x");
            found.into_iter().map(|device| device.service.to_string()).collect()
        };
        assert_eq!(
            service("http://10.0.0.7:8080/onvif/d http://192.168.1.1/d"),
            ["http://10.0.0.7:8080/onvif/d"]
        );
        assert_eq!(service("http://[fe80::1]/d http://10.0.0.7/d"), ["http://10.0.0.7/d"]);
        assert_eq!(service("http://192.0.2.9/steal"), ["http://10.0.0.7/onvif/device_service"]);
        assert_eq!(service(""), ["http://10.0.0.7/onvif/device_service"]);
        assert_eq!(matches(answer("urn:uuid:y", "").as_bytes(), from, "urn:uuid:x"), []);
        assert_eq!(matches(b"\xff\xff nonsense", from, "urn:uuid:x"), []);
    }

    #[test]
    fn message_ids_are_uuids() {
        let id = message_id();
        assert_eq!(id.len(), "urn:uuid:00000000-0000-4000-8000-000000000000".len(), "{id}");
        assert_ne!(id, message_id());
    }
}
