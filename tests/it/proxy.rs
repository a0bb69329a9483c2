//! Both servers behind a proxy: it is asked for the way to each, and sees nothing but TLS.

#![expect(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::organisation::Organisation;
use crate::program::{World, uuids};
use crate::tls::{Authority, trust};

/// An HTTP proxy that makes connections for those who say who they are; gives its address, and what it
/// was asked.
fn proxy(world: &World) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = world.runtime.block_on(TcpListener::bind("127.0.0.1:0"));
    let listener = listener.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    world.runtime.spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let log = Arc::clone(&log);
            tokio::spawn(async move {
                let mut client = BufReader::new(client);
                let mut head = Vec::new();
                loop {
                    let mut line = String::new();
                    client.read_line(&mut line).await.unwrap();
                    match line.trim_end() {
                        "" => break,
                        line => head.push(line.to_lowercase()),
                    }
                }
                let way = head[0].clone();
                log.lock().unwrap().push(way.clone());
                // me:h@nter2
                let known = "proxy-authorization: basic bwu6aebudgvymg==".to_owned();
                if !head.contains(&known) {
                    let refusal = b"HTTP/1.1 407 Who?\r\ncontent-length: 0\r\n\r\n";
                    client.write_all(refusal).await.unwrap();
                    return;
                }
                let server = way.split(' ').nth(1).unwrap();
                let mut server = TcpStream::connect(server).await.unwrap();
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    (address, asked)
}

#[test]
fn both_ends_are_reached_through_the_proxy_of_the_configuration() {
    let authority = Authority::new();
    let mut world = World::new();
    world.occur("event");
    let urls = [world.events.url(), world.datadog.url()].map(ToOwned::to_owned);
    let behind = urls.map(|url| {
        let tls = authority.before(&world, &url);
        world.replace(&url, &tls);
        tls.replace("https://", "connect ") + " http/1.1"
    });
    trust(&mut world, &authority.pem());
    let (address, asked) = proxy(&world);

    let config = world.config.clone();
    for (user, code) in [("me:wrong@", 5), ("me:h%40nter2@", 0)] {
        world.config = format!("[http]\nproxy = \"http://{user}{address}\"\n\n{config}");
        let run = world.once();
        assert_eq!(run.code, Some(code), "{run}");
        for secret in ["wrong@", "h%40nter2", "h@nter2"] {
            assert!(!run.stderr.contains(secret), "{run}");
        }
    }
    assert_eq!(world.arrived(), uuids(&["event"]));
    let asked = asked.lock().unwrap();
    for way in &behind {
        assert!(asked.contains(way), "{asked:?}");
    }
    assert!(asked.iter().all(|way| behind.contains(way)), "{asked:?}");
}

#[test]
fn content_is_installed_through_the_proxy_of_the_configuration() {
    let authority = Authority::new();
    let mut organisation = Organisation::new();
    let world = &mut organisation.0;
    let url = world.datadog.url().to_owned();
    let tls = authority.before(world, &url);
    world.replace(&url, &tls);
    trust(world, &authority.pem());
    let (address, asked) = proxy(world);
    let http = format!("[http]\nproxy = \"http://me:h%40nter2@{address}\"\n\n");
    world.config.insert_str(0, &http);

    organisation.good(&["install"]);
    assert!(!organisation.all().is_empty());
    let way = tls.replace("https://", "connect ") + " http/1.1";
    let asked = asked.lock().unwrap();
    assert!(
        !asked.is_empty() && asked.iter().all(|asked| *asked == way),
        "{asked:?}"
    );
}
