//! `gridwatch cameras discover`: which cameras there are on the network, what they are, and the tables that take them in.

mod chosen;
mod snippet;
mod table;

use std::{net::Ipv4Addr, time::Duration};

use anyhow::{Context as _, bail};
use gridwatch_config::Secret;
use gridwatch_ingest::onvif::{self, Device, Discovery, Login};
use gridwatch_runtime::{Chain, SystemClock};
use url::Url;

use crate::{
    cli::{CamerasCommand, DiscoverArguments},
    output::say,
};

/// Longest wait for one answer of a device.
const PATIENCE: Duration = Duration::from_secs(5);
/// Devices that are asked at the same time.
const AT_ONCE: usize = 16;

pub(crate) fn run(command: CamerasCommand) -> anyhow::Result<()> {
    match command {
        CamerasCommand::Discover(arguments) => discover(&arguments),
    }
}

fn discover(arguments: &DiscoverArguments) -> anyhow::Result<()> {
    let login = login(arguments)?;
    let services = services(arguments)?;
    let described = describe_all(&services, login.as_ref());
    let devices: Vec<(&Url, &Device)> =
        described.iter().filter_map(|(service, device)| Some((*service, device.as_ref().ok()?))).collect();
    if !devices.is_empty() {
        say!("{}", table::of(&devices));
    }
    for (_, error) in described.iter().filter_map(|(service, device)| Some((service, device.as_ref().err()?)))
    {
        eprintln!("{}", Chain(error));
    }
    let tables: Vec<snippet::CameraTable> =
        devices.iter().flat_map(|(service, device)| snippet::of(service, device, arguments)).collect();
    for table in &tables {
        say!("{}", table.text);
    }
    if let Some(config) = &arguments.config {
        chosen::append(config, &tables)?;
    }
    if devices.is_empty() {
        bail!("none of {} devices told where its streams are", services.len());
    }
    Ok(())
}

fn login(arguments: &DiscoverArguments) -> anyhow::Result<Option<Login>> {
    let Some(user) = &arguments.user else { return Ok(None) };
    let password = match &arguments.password_file {
        None => String::new(),
        Some(file) => {
            std::fs::read_to_string(file).with_context(|| format!("--password-file {}", file.display()))?
        }
    };
    Ok(Some(Login { user: user.clone(), password: Secret::new(password.trim_end_matches(['\r', '\n'])) }))
}

/// Who is asked: those that are named, else those that answer a probe.
fn services(arguments: &DiscoverArguments) -> anyhow::Result<Vec<Url>> {
    if !arguments.address.is_empty() {
        return arguments.address.iter().map(|address| service_at(address)).collect();
    }
    let interfaces =
        if arguments.interface.is_empty() { onvif::interfaces()? } else { arguments.interface.clone() };
    let found = onvif::discover(&Discovery { interfaces: interfaces.clone(), timeout: arguments.timeout.0 })?;
    if found.is_empty() {
        bail!("{}", nobody(&interfaces, arguments.timeout.0));
    }
    Ok(found.into_iter().map(|device| device.service).collect())
}

fn nobody(interfaces: &[Ipv4Addr], timeout: Duration) -> String {
    let interfaces: Vec<String> = interfaces.iter().map(ToString::to_string).collect();
    format!(
        "no device answered within {timeout:?} on {}.\n\
         Look whether ONVIF is switched on in the camera, whether it is in the same network (a probe goes by multicast to 239.255.255.250, which\n\
         routers and many wireless networks do not pass on), and whether a firewall on this machine drops UDP from port 3702.\n\
         A camera whose address is known can be asked without a probe: gridwatch cameras discover --address IP",
        interfaces.join(", ")
    )
}

/// `IP`, `IP:PORT` or a whole address.
fn service_at(address: &str) -> anyhow::Result<Url> {
    let text = if address.contains("://") {
        address.to_owned()
    } else {
        format!("http://{address}/onvif/device_service")
    };
    let url = Url::parse(&text).ok().filter(|url| url.scheme() == "http" && url.has_host());
    url.with_context(|| format!("--address {address}: expected IP, IP:PORT or http://HOST/PATH"))
}

/// What each says, in their order.
fn describe_all<'a>(
    services: &'a [Url],
    login: Option<&Login>,
) -> Vec<(&'a Url, Result<Device, onvif::OnvifError>)> {
    let clock = SystemClock::shared();
    let mut described = Vec::with_capacity(services.len());
    for some in services.chunks(AT_ONCE) {
        let describe = |service: &'a Url| (service, onvif::describe(service, login, &clock, PATIENCE));
        described.extend(std::thread::scope(|scope| {
            let threads: Vec<_> = some.iter().map(|service| scope.spawn(move || describe(service))).collect();
            // A panic of one is a bug, and goes on here.
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect::<Vec<_>>()
        }));
    }
    described
}
