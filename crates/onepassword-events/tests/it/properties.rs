//! What holds for any input.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use onepassword_events::model::{
    AuditAction, ItemAction, ObjectType, SignInCategory, SignInType, UserType,
};
use onepassword_events::{
    AccessToken, Cursor, Event, Feed, Page, PageSize, Position, Reset, Timestamp,
};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What stands for a secret. Nothing else contains it.
const SECRET: &str = "S3CR3T";

proptest! {
    #[test]
    fn a_page_keeps_the_bytes_of_every_item(
        items in vec((space(), json(), space()), 0..12),
        cursor in ".+",
        has_more: bool,
        items_first: bool,
    ) {
        let list: Vec<_> = items.iter().map(|(a, item, b)| format!("{a}{item}{b}")).collect();
        let list = format!(r#""items":[{}]"#, list.join(","));
        let rest = format!(r#""cursor":{},"has_more":{has_more}"#, serde_json::json!(cursor));
        let body = if items_first {
            format!(r#"{{{list},"new":[1,{{}}],{rest}}}"#)
        } else {
            format!(" {{ {rest} , {list} }} ")
        };
        let body = Bytes::from(body);
        let page = Page::decode(Feed::ItemUsages, &body).unwrap();
        prop_assert_eq!(page.cursor().as_str(), cursor);
        prop_assert_eq!(page.has_more(), has_more);
        prop_assert_eq!(page.size(), body.len());
        let kept: Vec<_> = page.events().iter().map(Event::json).collect();
        let sent: Vec<_> = items.iter().map(|(_, item, _)| item.as_str()).collect();
        prop_assert_eq!(kept, sent);
        for event in page.events() {
            let (uuid, value): (_, Value) = (event.uuid(), serde_json::from_str(event.json()).unwrap());
            prop_assert_eq!(uuid.as_deref(), value["uuid"].as_str());
            // Slices of the page, not copies.
            prop_assert!(body.as_ptr_range().contains(&event.raw().as_ptr()));
        }
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(body in vec(any::<u8>(), 0..64)) {
        let _ = Page::decode(Feed::AuditEvents, &Bytes::from(body.clone()));
        let _ = Event::new(Feed::AuditEvents, body);
    }

    #[test]
    fn an_open_enum_gives_back_any_text(text in any::<String>()) {
        check_open::<SignInCategory>(&text);
        check_open::<SignInType>(&text);
        check_open::<ItemAction>(&text);
        check_open::<AuditAction>(&text);
        check_open::<ObjectType>(&text);
        check_open::<UserType>(&text);
    }

    #[test]
    fn no_text_makes_a_token_panic_or_print(before in any::<String>(), after in any::<String>()) {
        check_token(format!("{before}{SECRET}{after}"));
        check_token(format!("{before}.{SECRET}.{after}"));
        check_token(format!("ops_{SECRET}{after}"));
    }

    #[test]
    fn no_claims_make_a_token_panic_or_print(claims in vec(any::<u8>(), 0..64), value in json()) {
        for claims in [
            claims,
            value.clone().into_bytes(),
            format!(r#"{{"aud":{value}}}"#).into_bytes(),
            format!(r#"{{"iat":{value},"exp":{value}}}"#).into_bytes(),
            format!(r#"{{"1password.com/fts":{value},"1password.com/auuid":{value}}}"#).into_bytes(),
        ] {
            check_token(format!("{SECRET}.{}.{SECRET}", URL_SAFE_NO_PAD.encode(claims)));
        }
    }

    #[test]
    fn a_timestamp_keeps_its_text(text in time()) {
        let timestamp: Timestamp = text.parse().unwrap();
        prop_assert_eq!(timestamp.as_str(), &text);
        prop_assert_eq!(timestamp.to_string(), text.clone());
        let json = serde_json::to_string(&timestamp).unwrap();
        prop_assert_eq!(&json, &format!("\"{text}\""));
        let kept: Timestamp = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(kept.as_str(), text);
        // Written anew it is the same moment, to the nanosecond.
        let anew = Timestamp::from(timestamp.to_system_time());
        prop_assert_eq!(anew.unix_nanos(), timestamp.unix_nanos());
        prop_assert_eq!(anew, timestamp);
    }

    #[test]
    fn any_text_is_a_timestamp_or_is_refused(text in any::<String>()) {
        if let Ok(timestamp) = text.parse::<Timestamp>() {
            prop_assert_eq!(timestamp.as_str(), text);
        }
    }

    #[test]
    fn a_position_is_kept_as_it_is(position in position()) {
        let json = serde_json::to_string(&position).unwrap();
        let kept: Position = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(&kept, &position);
        // Equal positions may spell a time differently; a kept one must not.
        prop_assert_eq!(serde_json::to_string(&kept).unwrap(), json);

        let body: Value = serde_json::from_slice(&position.to_request_body()).unwrap();
        let body = body.as_object().unwrap();
        match position {
            Position::After(cursor) => {
                prop_assert_eq!(body.len(), 1);
                prop_assert_eq!(&body["cursor"], cursor.as_str());
            }
            Position::Reset(reset) => {
                prop_assert_eq!(&body["limit"], reset.limit.get());
                let time = |key: &str| body[key].as_str().unwrap().parse::<Timestamp>().unwrap();
                prop_assert_eq!(time("start_time"), reset.start);
                prop_assert_eq!(body.contains_key("end_time"), reset.end.is_some());
                prop_assert!(reset.end.is_none_or(|end| time("end_time") == end));
            }
        }
    }
}

fn check_open<T>(text: &str)
where
    T: for<'a> From<&'a str>
        + Serialize
        + DeserializeOwned
        + ToString
        + PartialEq
        + std::fmt::Debug,
{
    let value = T::from(text);
    assert_eq!(value.to_string(), text);
    let json = serde_json::to_string(&value).unwrap();
    assert_eq!(json, serde_json::to_string(text).unwrap());
    assert_eq!(serde_json::from_str::<T>(&json).unwrap(), value);
}

fn check_token(text: String) {
    let shown = match AccessToken::new(text) {
        Ok(token) => format!("{token:?}"),
        Err(error) => format!("{error} {error:?}"),
    };
    assert!(!shown.contains(SECRET), "{shown}");
}

fn space() -> impl Strategy<Value = String> {
    "[ \t\r\n]{0,3}"
}

/// JSON texts, compact or not.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let key = prop_oneof![Just("uuid".to_owned()), any::<String>()];
    let value = leaf.prop_recursive(4, 24, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            vec((key.clone(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    (value, any::<bool>()).prop_map(|(value, compact)| {
        if compact {
            value.to_string()
        } else {
            format!("{value:#}")
        }
    })
}

/// Times as RFC 3339 has them.
fn time() -> impl Strategy<Value = String> {
    let date = (1000..=9998_u16, 1..=12_u8, 1..=28_u8);
    let clock = (0..24_u8, 0..60_u8, 0..60_u8);
    let fraction = prop_oneof![Just(String::new()), r"\.[0-9]{1,9}"];
    let offset = prop_oneof![Just("Z".to_owned()), "[+-](0[0-9]|1[0-3]):[0-5][0-9]"];
    (date, clock, fraction, offset).prop_map(
        |((year, month, day), (hour, minute, second), fraction, offset)| {
            format!(
                "{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}{offset}"
            )
        },
    )
}

fn position() -> impl Strategy<Value = Position> {
    let time = || time().prop_map(|text| text.parse::<Timestamp>().unwrap());
    let reset =
        (time(), proptest::option::of(time()), 1..=1000_u16).prop_map(|(start, end, limit)| {
            let limit = PageSize::new(limit).unwrap();
            Position::Reset(Reset { start, end, limit })
        });
    let after = any::<String>()
        .prop_filter("no cursor is empty", |text| !text.is_empty())
        .prop_map(|text| Position::After(Cursor::new(text).unwrap()));
    prop_oneof![reset, after]
}
