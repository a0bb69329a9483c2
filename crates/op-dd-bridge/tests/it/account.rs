//! What an account and a bridge can't be made of.

use datadog_logs::Tags;
use onepassword_events::Feed::{self, AuditEvents, ItemUsages, SignInAttempts};
use op_dd_bridge::BridgeError;

use crate::json::member;
use crate::script::{World, step};

#[tokio::test]
async fn a_feed_that_the_token_does_not_allow_is_named() {
    let world = World::new();
    let source = world.source("acme", &[SignInAttempts, AuditEvents]);
    let error = source
        .account()
        .feeds([AuditEvents, ItemUsages])
        .unwrap_err();
    assert_eq!(error.feed(), ItemUsages);
    assert_eq!(
        error.to_string(),
        "account acme: the token doesn't allow the feed itemusages, it allows signinattempts, \
         auditevents: take the feed out, or issue a token that allows it"
    );
    let error = world
        .source("acme", &[])
        .account()
        .feeds([ItemUsages])
        .unwrap_err();
    assert!(error.to_string().contains("it allows no feed"), "{error}");
}

#[tokio::test]
async fn the_feeds_are_those_that_were_chosen_else_all_that_are_allowed() {
    let world = World::new();
    let source = world.source("acme", &Feed::ALL);
    let check = |feeds: Option<Vec<Feed>>, expected: &[Feed]| {
        let account = source.account();
        let account = feeds.map_or(Ok(account.clone()), |feeds| account.feeds(feeds));
        let bridge = world.builder().account(account.unwrap()).build().unwrap();
        let streams: Vec<_> = bridge.streams().map(|stream| stream.feed).collect();
        assert_eq!(streams, expected);
    };
    check(None, &Feed::ALL);
    check(
        Some(vec![AuditEvents, ItemUsages, AuditEvents]),
        &[AuditEvents, ItemUsages],
    );
}

#[tokio::test]
async fn a_bridge_that_could_not_work_is_not_built() {
    let world = World::new();
    let acme = || world.source("acme", &Feed::ALL).account();
    let error = world.builder().build().unwrap_err();
    assert!(matches!(error, BridgeError::NoAccount));

    let error = world
        .builder()
        .account(acme())
        .account(acme())
        .build()
        .unwrap_err();
    assert!(matches!(&error, BridgeError::TwiceNamed(name) if name.as_str() == "acme"));

    let none = world.source("acme", &[]).account();
    for none in [none, acme().feeds([]).unwrap()] {
        let error = world.builder().account(none).build().unwrap_err();
        assert!(matches!(&error, BridgeError::NoFeed(name) if name.as_str() == "acme"));
    }

    let many = Tags::new((0..60).map(|tag| format!("a:{tag}"))).unwrap();
    let more = Tags::new((0..60).map(|tag| format!("b:{tag}"))).unwrap();
    let builder = world.builder().tags(many).account(acme().tags(more));
    let error = builder.build().unwrap_err();
    assert!(matches!(&error, BridgeError::Tags { account, .. } if account.as_str() == "acme"));
    assert_eq!(
        error.to_string(),
        "account acme: more than 100 tags on one log"
    );
}

#[tokio::test(start_paused = true)]
async fn tags_come_from_the_bridge_the_account_and_all() {
    let world = World::new();
    let source = world.source("acme", &[ItemUsages]);
    source.page(ItemUsages, &["A"]);
    let account = source
        .account()
        .tags(Tags::new(["team:red", "env:test"]).unwrap());
    let builder = world
        .builder()
        .tags(Tags::new(["Env:Test", "region:eu"]).unwrap());
    let bridge = builder.account(account).build().unwrap();
    step(&bridge, &source.stream(ItemUsages)).await.unwrap();
    assert_eq!(
        member(&world.sink.logs()[0][0], "ddtags").unwrap(),
        "\"account:acme,feed:itemusages,env:test,region:eu,team:red\""
    );
}
