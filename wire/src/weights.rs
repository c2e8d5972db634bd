//! What the terms of the score weigh, on the wire: an object of term and number. Numbers are read as the texts that
//! they were written as, so that no weight ever passes through a float on its way in.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use domain::dispatch::{self, SomeWeights, Term};
use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// What a term weighs: 0 to 1,000,000, with at most three decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Weight(pub dispatch::Weight);

/// Weights of some terms of the score, or of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Weights(pub SomeWeights);

/// A text that is no weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a number from 0 to 1000000 with at most three decimals, such as 12.5")]
pub struct BadWeight;

impl FromStr for Weight {
    type Err = BadWeight;
    fn from_str(text: &str) -> Result<Self, BadWeight> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(part) || part.len() > 3 {
            return Err(BadWeight);
        }
        let whole: u64 = whole.parse().map_err(|_| BadWeight)?;
        let part: u64 = format!("{part:0<3}").parse().map_err(|_| BadWeight)?;
        let thousandths = whole.checked_mul(1_000).and_then(|whole| whole.checked_add(part)).ok_or(BadWeight)?;
        dispatch::Weight::of_thousandths(thousandths).map(Self).ok_or(BadWeight)
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0.thousandths() / 1_000, self.0.thousandths() % 1_000);
        if part == 0 {
            return write!(f, "{whole}");
        }
        write!(f, "{whole}.{}", format!("{part:03}").trim_end_matches('0'))
    }
}

impl Serialize for Weight {
    /// Writes a number. A float of at most ten digits is written with just these digits.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0.thousandths() {
            whole if whole % 1_000 == 0 => to.serialize_u32(whole / 1_000),
            part => to.serialize_f64(f64::from(part) / 1_000.0),
        }
    }
}

impl<'de> Deserialize<'de> for Weight {
    /// Takes a JSON number. Works on serde_json's deserializers only.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(from)?;
        raw.get().parse().map_err(D::Error::custom)
    }
}

impl Serialize for Weights {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut members = to.serialize_map(Some(self.0.len()))?;
        for (term, weight) in &self.0 {
            members.serialize_entry(term.as_str(), &Weight(*weight))?;
        }
        members.end()
    }
}

impl<'de> Deserialize<'de> for Weights {
    /// Refuses terms that there are not, and one that stands twice.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Weights;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of weights")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Weights, A::Error> {
        let mut read = SomeWeights::new();
        while let Some((Key(term), Weight(weight))) = members.next_entry()? {
            if read.insert(term, weight).is_some() {
                return Err(A::Error::custom(format_args!("names `{}` twice", term.as_str())));
            }
        }
        Ok(Weights(read))
    }
}

/// A term as the key of a member.
struct Key(Term);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(Word)
    }
}

struct Word;

impl Visitor<'_> for Word {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a term of the score")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Key, E> {
        Term::of(word).map(Key).ok_or_else(|| E::custom("is no term of the score"))
    }
}

impl PartialSchema for Weights {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new()
            .schema_type(Type::Number)
            .minimum(Some(0))
            .maximum(Some(1_000_000))
            .multiple_of(Some(0.001))
            .build();
        let terms = Term::ALL.into_iter();
        let members = terms.fold(ObjectBuilder::new(), |object, term| object.property(term.as_str(), number.clone()));
        members.additional_properties(Some(AdditionalProperties::FreeForm(false))).into()
    }
}

impl ToSchema for Weights {
    fn name() -> Cow<'static, str> {
        "Weights".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::{lenient, strict};

    fn read(json: &str) -> Result<u32, String> {
        serde_json::from_str::<Weight>(json).map(|weight| weight.0.thousandths()).map_err(|error| error.to_string())
    }

    #[test]
    fn numbers_are_read_as_text() {
        for (json, thousandths) in [
            ("0", 0),
            ("0.0", 0),
            ("100", 100_000),
            ("2.5", 2_500),
            ("0.001", 1),
            ("999999.999", 999_999_999),
            ("1000000", 1_000_000_000),
            ("1000000.000", 1_000_000_000),
        ] {
            assert_eq!(read(json), Ok(thousandths), "{json}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for json in [
            "-1",
            "-0",
            "1e3",
            "1E3",
            "0.0001",
            "0.5000",
            "1000000.001",
            "1000001",
            "99999999999999999999",
            "\"1\"",
            "null",
            "true",
            "[]",
            "{}",
        ] {
            let refused = read(json).expect_err(json);
            assert!(refused.starts_with("must be a number from 0 to 1000000"), "{refused}");
        }
        for text in ["", ".", "1.", ".5", "+1", " 1", "1 ", "NaN", "inf", "1,5"] {
            assert_eq!(text.parse::<Weight>(), Err(BadWeight), "{text}");
        }
    }

    #[test]
    fn every_weight_is_written_as_it_is() {
        for thousandths in (0..=20_000).chain(999_990_000..=1_000_000_000) {
            let weight = Weight(dispatch::Weight::of_thousandths(thousandths).unwrap());
            let json = serde_json::to_string(&weight).unwrap();
            assert_eq!((json.as_str(), read(&json)), (weight.to_string().as_str(), Ok(weight.0.thousandths())));
        }
    }

    #[test]
    fn what_is_refused_is_named() {
        for (json, pointer, says) in [
            (r#"{"mood":1}"#, "/mood", "is no term of the score"),
            (r#"{"a/b":-1}"#, "/a~1b", "is no term of the score"),
            (r#"{"age":1,"due":-1}"#, "/due", "must be a number"),
            (r#"{"age":1,"age":1}"#, "", "names `age` twice"),
            (r#"[["age",1]]"#, "", "invalid type: sequence, expected an object of weights"),
            ("1", "", "invalid type"),
        ] {
            for problem in
                [strict::<Weights>(json.as_bytes()).unwrap_err(), lenient::<Weights>(json.as_bytes()).unwrap_err()]
            {
                assert_eq!(problem.errors[0].pointer, pointer, "{json}");
                assert!(problem.errors[0].detail.starts_with(says), "{json}: {problem}");
            }
        }
    }

    #[test]
    fn weights_are_read_from_a_value_too() {
        let read: Weights = serde_json::from_value(serde_json::json!({"criticalPath": 1.5, "age": 0})).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), r#"{"age":0,"criticalPath":1.5}"#);
    }
}
