//! What goes over the wire.

use std::time::{Duration, SystemTime};

use http::Method;
use onepassword_events::{Client, Cursor, EventSource, Feed, PageSize, Region, Reset, Timestamp};
use serde_json::json;

use crate::server::{Server, said, start, token, token_for, token_with};

#[tokio::test(start_paused = true)]
async fn each_feed_is_posted_to_its_own_path() {
    for (feed, uri) in [
        (
            Feed::SignInAttempts,
            "https://events.1password.com/api/v2/signinattempts",
        ),
        (
            Feed::ItemUsages,
            "https://events.1password.com/api/v2/itemusages",
        ),
        (
            Feed::AuditEvents,
            "https://events.1password.com/api/v2/auditevents",
        ),
    ] {
        let server = Server::script([]);
        let client = server.client().build().unwrap();
        client.page(feed, &start()).await.unwrap();
        let request = &server.requests()[0];
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.uri(), uri);
        let headers = request.headers();
        let bearer = format!("Bearer {}", token("first").expose_secret());
        assert_eq!(headers["authorization"], bearer);
        assert!(headers["authorization"].is_sensitive());
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(headers["accept"], "application/json");
        assert_eq!(
            headers["user-agent"],
            concat!("onepassword-events/", env!("CARGO_PKG_VERSION"))
        );
        assert_eq!(headers.len(), 4);
        assert!(!format!("{request:?}").contains("SIGNATURE"));
    }
}

#[tokio::test(start_paused = true)]
async fn the_body_is_a_reset_or_a_cursor_and_never_both() {
    let server = Server::script([]);
    let client = server.client().build().unwrap();
    let time = |text: &str| text.parse::<Timestamp>().unwrap();
    let whole = Reset {
        start: time("2026-01-01T00:00:00Z"),
        end: Some(time("2026-01-31T12:00:00.25+02:00")),
        limit: PageSize::new(7).unwrap(),
    };
    let cursor = Cursor::new("a \"cursor\"").unwrap();
    for position in [start(), whole.into(), cursor.into()] {
        client.page(Feed::AuditEvents, &position).await.unwrap();
    }
    let bodies: Vec<serde_json::Value> = server
        .requests()
        .iter()
        .map(|request| serde_json::from_slice(request.body()).unwrap())
        .collect();
    assert_eq!(
        bodies,
        [
            json!({ "limit": 1000, "start_time": "2026-01-01T00:00:00Z" }),
            json!({
                "limit": 7,
                "start_time": "2026-01-01T00:00:00Z",
                "end_time": "2026-01-31T10:00:00.25Z",
            }),
            json!({ "cursor": "a \"cursor\"" }),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn the_introspection_is_a_get_without_a_body() {
    let answer = json!({
        "uuid": "INTEGRATION", "issued_at": "2026-01-01T00:00:00Z",
        "features": ["auditevents", "vaultaccess"], "account_uuid": "ACCOUNT", "new": 1,
    });
    let older = json!({
        "uuid": "INTEGRATION", "issued_at": "2026-01-01T00:00:00Z", "features": [],
        "account_uuid": "",
    });
    let server = Server::script([said(200, answer.to_string()), said(200, older.to_string())]);
    let client = server.client().build().unwrap();

    let introspection = client.introspect().await.unwrap();
    assert_eq!(introspection.uuid, "INTEGRATION");
    assert_eq!(introspection.issued_at.as_str(), "2026-01-01T00:00:00Z");
    assert_eq!(introspection.features, ["auditevents", "vaultaccess"]);
    assert_eq!(introspection.feeds(), [Feed::AuditEvents]);
    assert_eq!(introspection.account_uuid.as_deref(), Some("ACCOUNT"));
    let older = client.introspect().await.unwrap();
    assert_eq!((older.feeds(), older.account_uuid), (vec![], None));

    let request = &server.requests()[0];
    assert_eq!(request.method(), Method::GET);
    assert_eq!(
        request.uri(),
        "https://events.1password.com/api/v2/auth/introspect"
    );
    assert!(request.body().is_empty());
    assert!(request.headers()["authorization"].is_sensitive());
    assert!(!request.headers().contains_key("content-type"));
}

#[tokio::test(start_paused = true)]
async fn the_address_is_the_tokens_the_regions_or_the_one_that_was_set() {
    let server = Server::script([]);
    let clients = [
        Client::builder(token_for(&json!(["events.1password.ca"]), "1")),
        Client::builder(token_for(&json!([]), "1")).region(Region::Europe),
        Client::builder(token("1")).url("https://proxy.example:8443/1p".parse().unwrap()),
    ];
    for (client, host) in clients.into_iter().zip([
        "events.1password.ca",
        "events.1password.eu",
        "proxy.example",
    ]) {
        let client = client.transport(server.clone()).build().unwrap();
        assert_eq!(client.host(), host);
        client.page(Feed::AuditEvents, &start()).await.unwrap();
    }
    let uris: Vec<_> = server
        .requests()
        .iter()
        .map(|request| request.uri().to_string())
        .collect();
    assert_eq!(
        uris,
        [
            "https://events.1password.ca/api/v2/auditevents",
            "https://events.1password.eu/api/v2/auditevents",
            "https://proxy.example:8443/1p/api/v2/auditevents",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_program_may_name_itself() {
    let server = Server::script([]);
    let client = server.client().user_agent("shop/2").build().unwrap();
    client.page(Feed::AuditEvents, &start()).await.unwrap();
    assert_eq!(server.requests()[0].headers()["user-agent"], "shop/2");
    assert!(server.client().user_agent("shop\n2").build().is_err());
}

#[test]
fn a_client_knows_what_its_token_may_read() {
    let server = Server::script([]);
    let client = server.client().build().unwrap();
    assert_eq!(client.feeds(), [Feed::ItemUsages, Feed::AuditEvents]);
    assert_eq!(
        client.endpoint().url().as_str(),
        "https://events.1password.com/"
    );
    assert_eq!(
        client.token().expose_secret(),
        token("first").expose_secret()
    );
    assert_eq!(client.expires_at(), None);

    let claims = json!({ "aud": ["events.1password.com"], "exp": 1_800_000_000 });
    let client = Client::builder(token_with(&claims, "short"));
    let client = client.transport(server).build().unwrap();
    let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    assert_eq!(client.expires_at(), Some(end));
}
