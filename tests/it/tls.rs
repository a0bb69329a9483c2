//! TLS on either side, over real sockets: a certificate that nobody vouches for is refused, and the
//! configuration may name somebody who does.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::program::{World, uuids};

const HERE: &str = "127.0.0.1";

/// An authority of this test's own, which no system trusts.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// Stands before a server as a proxy that looks into TLS does; gives its address.
    pub(crate) fn before(&self, world: &World, server: &str) -> String {
        self.before_speaking(world, server, &[])
    }

    /// The same, for a server that speaks these protocols.
    pub(crate) fn before_speaking(
        &self,
        world: &World,
        server: &str,
        protocols: &[&str],
    ) -> String {
        let key = KeyPair::generate().unwrap();
        let names = [HERE.to_owned(), "localhost".to_owned()];
        let params = CertificateParams::new(names).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        tls_before(world, server, &certificate, &key, protocols)
    }
}

/// Takes TLS off and hands on what comes; gives its address.
fn tls_before(
    world: &World,
    server: &str,
    certificate: &Certificate,
    key: &KeyPair,
    protocols: &[&str],
) -> String {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .unwrap();
    let protocols = protocols.iter().map(|name| name.as_bytes().to_vec());
    config.alpn_protocols = protocols.collect();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let server: SocketAddr = server.strip_prefix("http://").unwrap().parse().unwrap();
    let listener = world.runtime.block_on(TcpListener::bind((HERE, 0)));
    let listener = listener.unwrap();
    let address = listener.local_addr().unwrap();
    world.runtime.spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // Who doesn't trust us goes away.
                let Ok(mut client) = acceptor.accept(client).await else {
                    return;
                };
                let mut server = TcpStream::connect(server).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    format!("https://{address}")
}

/// Both servers, or one of them, behind TLS.
fn behind(authority: &Authority, events: bool, datadog: bool) -> World {
    let mut world = World::new();
    world.occur("event");
    let sides = [(events, world.events.url()), (datadog, world.datadog.url())];
    let sides = sides.map(|(behind, url)| behind.then(|| url.to_owned()));
    for url in sides.into_iter().flatten() {
        let tls = authority.before(&world, &url);
        world.replace(&url, &tls);
    }
    world
}

pub(crate) fn trust(world: &mut World, pem: &str) {
    fs::write(world.path("ca.pem"), pem).unwrap();
    world
        .config
        .insert_str(0, "[tls]\nca_file = \"ca.pem\"\n\n");
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused_and_its_remedy_named() {
    let authority = Authority::new();
    for (what, events, says) in [
        (
            "1Password",
            true,
            "op-dd: account acme: no connection to 127.0.0.1: its certificate is not trusted",
        ),
        ("Datadog", false, "shows a certificate that is not trusted"),
    ] {
        let mut world = behind(&authority, events, !events);
        // Another's word is no good.
        for stranger in [false, true] {
            if stranger {
                trust(&mut world, &Authority::new().pem());
            }
            let run = world.once();
            assert_eq!(run.code, Some(5), "{what}: {run}");
            let line = run.line();
            assert!(line.contains(says), "{what}: {line}");
            assert!(line.contains("ca_file of [tls]"), "{what}: {line}");
            assert!(line.contains("invalid peer certificate"), "{what}: {line}");
            assert_eq!(world.arrived(), Vec::<String>::new(), "{what}");
            let (read, sent) = (world.events.counts(), world.datadog.counts());
            let refused = if events { read } else { sent };
            assert_eq!(refused.total(), 0, "{what}: a request was made");
        }
    }
}

#[test]
fn a_certificate_authority_of_ones_own_is_trusted_on_both_sides() {
    let authority = Authority::new();
    let mut world = behind(&authority, true, true);
    // One of several, as a bundle has them.
    trust(&mut world, &(Authority::new().pem() + &authority.pem()));
    let run = world.once();
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(world.arrived(), uuids(&["event"]));
}

/// No authority, but known all the same.
#[test]
fn a_certificate_that_vouches_for_itself_is_trusted_once_it_is_named() {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new([HERE.to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let mut world = World::new();
    world.occur("event");
    let datadog = world.datadog.url().to_owned();
    let tls = tls_before(&world, &datadog, &certificate, &key, &[]);
    world.replace(&datadog, &tls);
    let run = world.once();
    assert_eq!(run.code, Some(5), "{run}");
    assert!(run.line().contains("UnknownIssuer"), "{run}");

    trust(&mut world, &certificate.pem());
    let run = world.once();
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(world.arrived(), uuids(&["event"]));
}

#[test]
fn a_ca_file_that_is_none_ends_with_2() {
    for (what, text, says) in [
        ("nothing there", None, "ca.pem can't be read: No such file"),
        ("empty", Some(""), "there is no certificate"),
        ("no PEM", Some("SECRET"), "must be in PEM"),
        (
            "no certificate in it",
            Some("-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----\n"),
            "the CA certificates cannot be used",
        ),
        (
            "a key instead",
            Some("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"),
            "there is no certificate",
        ),
    ] {
        let mut world = World::new();
        trust(&mut world, text.unwrap_or_default());
        if text.is_none() {
            fs::remove_file(world.path("ca.pem")).unwrap();
        }
        let run = world.once();
        assert_eq!(run.code, Some(2), "{what}: {run}");
        let line = run.line();
        assert!(line.starts_with("op-dd: ca_file of [tls]: "), "{line}");
        assert!(line.contains(says), "{what}: {line}");
    }
}
