#include "run/engine/processors.hpp"

#include <catch2/catch.hpp>

namespace nslaunch::run {

using Numbers = std::vector<unsigned>;

TEST_CASE("who runs at once gets processors of his own, in turn where there are not enough") {
  const Numbers allowed{1, 3, 5, 7};
  CHECK(share_of_processors(allowed, 0, 2) == Numbers{1, 3});
  CHECK(share_of_processors(allowed, 1, 2) == Numbers{5, 7});
  CHECK(share_of_processors(allowed, 2, 2) == Numbers{1, 3});
  CHECK(share_of_processors(allowed, 1, 3) == Numbers{1, 3, 7});
  CHECK(share_of_processors(allowed, 4'000'000'000U, 1) == Numbers{1});
}

TEST_CASE("as many as there are, or more, are all of them") {
  CHECK(share_of_processors({0, 1}, 0, 2).empty());
  CHECK(share_of_processors({0, 1}, 1, 9).empty());
  CHECK(share_of_processors({0, 1}, 1, 0).empty());
  CHECK(share_of_processors({}, 0, 1).empty());
}

}  // namespace nslaunch::run
