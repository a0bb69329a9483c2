//! What holds for any input, tried shortly on mutations of the fuzz targets' seeds. The targets in
//! `fuzz/` try the same for as long as one likes.

use op_dd_tests::hostile::oracle;
use proptest::prelude::*;

use crate::mutation::mutated;

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_a_page_or_are_refused(input in mutated("page")) {
        oracle::page(&input);
    }

    #[test]
    fn any_text_is_a_token_or_is_refused(input in mutated("token")) {
        oracle::token(&input);
    }

    #[test]
    fn any_texts_are_tags_or_are_refused(input in mutated("tags")) {
        oracle::tags(&input);
    }

    #[test]
    fn any_object_makes_a_log_that_holds_all_of_it(input in mutated("mapping")) {
        oracle::mapping(&input);
    }

    #[test]
    fn any_answers_of_the_intake_bring_a_delivery_to_its_end(input in mutated("answer")) {
        oracle::answer(&input);
    }

    #[test]
    fn any_answer_of_1password_is_a_page_or_a_short_line(input in mutated("refusal")) {
        oracle::refusal(&input);
    }

    #[test]
    fn any_text_is_a_query_or_is_refused_at_its_place(input in mutated("search")) {
        oracle::search(&input);
    }
}
