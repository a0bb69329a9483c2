use std::time::Duration;

use op_dd_fakes::{ErrorStyle, FakeEvents, Feed, RateLimits, TokenClaims};
use serde_json::json;

use crate::wire::{Answer, ask, client, clock, send};

async fn get(fake: &FakeEvents, path: &str, token: &str) -> Answer {
    send(
        client()
            .get(format!("{}{path}", fake.url()))
            .bearer_auth(token),
    )
    .await
    .unwrap()
}

async fn ask_as(fake: &FakeEvents, token: &str, feed: Feed) -> u16 {
    let request = client()
        .post(format!("{}{}", fake.url(), feed.path()))
        .bearer_auth(token);
    send(request.body("{}")).await.unwrap().status
}

#[tokio::test]
async fn a_token_opens_its_own_feeds() {
    let fake = FakeEvents::builder()
        .accept("all", Feed::ALL)
        .accept("audit", [Feed::AuditEvents])
        .start()
        .await
        .unwrap();
    assert_eq!(fake.token(), "all");
    assert_eq!(ask_as(&fake, "all", Feed::ItemUsages).await, 200);
    assert_eq!(ask_as(&fake, "audit", Feed::AuditEvents).await, 200);
    assert_eq!(ask_as(&fake, "audit", Feed::ItemUsages).await, 401);
    assert_eq!(ask_as(&fake, "none", Feed::ItemUsages).await, 401);

    let nobody = send(
        client()
            .post(format!("{}{}", fake.url(), Feed::ItemUsages.path()))
            .body("{}"),
    );
    let nobody = nobody.await.unwrap();
    assert_eq!(
        (nobody.status, &*nobody.body),
        (401, r#"{"Error":{"Message":"Unauthorized"}}"#)
    );
}

#[tokio::test]
async fn tokens_come_and_go() {
    let fake = FakeEvents::builder()
        .accept("old", Feed::ALL)
        .start()
        .await
        .unwrap();
    fake.accept("new", [Feed::AuditEvents]);
    assert_eq!(ask_as(&fake, "new", Feed::AuditEvents).await, 200);
    fake.revoke("old");
    assert_eq!(ask_as(&fake, "old", Feed::AuditEvents).await, 401);
    assert_eq!(
        get(&fake, "/api/v2/auth/introspect", "old").await.status,
        401
    );
}

#[tokio::test]
async fn the_introspection_repeats_the_claims() {
    let token = TokenClaims::default()
        .account("ACCOUNT")
        .subject("INTEGRATION")
        .mint();
    let fake = FakeEvents::builder()
        .accept(&token, [Feed::SignInAttempts, Feed::AuditEvents])
        .accept("plain", [Feed::ItemUsages])
        .start()
        .await
        .unwrap();
    assert_eq!(
        get(&fake, "/api/v2/auth/introspect", &token).await.json(),
        json!({
            "uuid": "INTEGRATION",
            "issued_at": "2026-01-01T00:00:00Z",
            "features": ["signinattempts", "auditevents"],
            "account_uuid": "ACCOUNT",
        })
    );
    let plain = get(&fake, "/api/v2/auth/introspect", "plain").await.json();
    assert_eq!(plain["features"], json!(["itemusages"]));
    assert_eq!(plain["account_uuid"].as_str().map(str::len), Some(26));
}

#[tokio::test]
async fn an_unknown_path_is_plain_text() {
    let fake = FakeEvents::builder().start().await.unwrap();
    for path in [
        "/",
        "/api/v2",
        "/api/v1/auditevents",
        "/api/v2/auditevents/",
    ] {
        let answer = get(&fake, path, fake.token()).await;
        assert_eq!(
            (answer.status, answer.body.trim()),
            (404, "404 page not found"),
            "{path}"
        );
        assert_eq!(
            answer.header("content-type"),
            Some("text/plain; charset=utf-8")
        );
    }
    assert_eq!(
        get(&fake, "/api/v2/auditevents", fake.token()).await.status,
        405
    );
}

#[tokio::test]
async fn errors_have_three_styles() {
    for (style, expected) in [
        (ErrorStyle::Nested, r#"{"Error":{"Message":"Bad Request"}}"#),
        (
            ErrorStyle::Flat,
            r#"{"message":"Bad Request","status":400}"#,
        ),
        (ErrorStyle::Plain, "Bad Request"),
    ] {
        let fake = FakeEvents::builder()
            .error_style(style)
            .start()
            .await
            .unwrap();
        assert_eq!(
            ask(&fake, Feed::AuditEvents, "?").await.unwrap().body,
            expected
        );
    }
}

#[tokio::test]
async fn too_many_requests_are_refused_until_the_window_has_slid() {
    let (clock, hand) = clock();
    let limits = RateLimits {
        per_minute: 2,
        per_hour: 30_000,
    };
    let fake = FakeEvents::builder()
        .clock(clock)
        .rate_limits(limits)
        .start()
        .await
        .unwrap();
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(ask(&fake, Feed::AuditEvents, "{}").await.unwrap().status);
    }
    *hand.lock().unwrap() += Duration::from_secs(60);
    statuses.push(ask(&fake, Feed::AuditEvents, "{}").await.unwrap().status);
    assert_eq!(statuses, [200, 200, 429, 200]);
}

#[tokio::test]
async fn answers_are_dated_by_the_clock_and_requests_are_on_record() {
    let (clock, hand) = clock();
    let fake = FakeEvents::builder().clock(clock).start().await.unwrap();
    let answer = ask(&fake, Feed::AuditEvents, r#"{"limit":7}"#)
        .await
        .unwrap();
    assert_eq!(answer.header("date"), Some("Fri, 01 May 2026 12:00:00 GMT"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    *hand.lock().unwrap() += Duration::from_secs(1);
    assert_eq!(
        ask(&fake, Feed::AuditEvents, "?")
            .await
            .unwrap()
            .header("date"),
        Some("Fri, 01 May 2026 12:00:01 GMT")
    );

    let requests = fake.requests();
    let [first, second] = requests.as_slice() else {
        panic!("two requests: {requests:?}");
    };
    assert_eq!(
        (first.method.as_str(), first.uri.path()),
        ("POST", "/api/v2/auditevents")
    );
    assert_eq!(
        first.headers["authorization"],
        format!("Bearer {}", fake.token())
    );
    assert_eq!((&first.body[..], first.size), (&br#"{"limit":7}"#[..], 11));
    assert_eq!(first.status.map(|status| status.as_u16()), Some(200));
    assert_eq!(second.status.map(|status| status.as_u16()), Some(400));
    assert_eq!(second.at, first.at + Duration::from_secs(1));
    assert!(second.received >= first.received);

    let counts = fake.counts();
    assert_eq!(
        (
            counts.total(),
            counts.of_path("/api/v2/auditevents"),
            counts.of_status(400)
        ),
        (2, 2, 1)
    );
    assert_eq!(counts.unanswered(), 0);
}

#[tokio::test]
async fn a_stopped_fake_is_gone_and_its_address_free() {
    let fake = FakeEvents::builder().start().await.unwrap();
    let address = fake.address();
    assert!(
        FakeEvents::builder().listen(address).start().await.is_err(),
        "the address is in use"
    );
    fake.stop().await;
    let again = FakeEvents::builder().listen(address).start().await.unwrap();
    assert_eq!(
        ask(&again, Feed::AuditEvents, "{}").await.unwrap().status,
        200
    );
}
