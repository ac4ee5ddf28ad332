#pragma once

#include "sys/files/directory.hpp"

namespace nslaunch::ns {

/// The directories that overlayfs makes one view of; O_PATH descriptors, opened in this mount namespace.
struct OverlayLayers {
  int lower;  ///< is read, never written
  int upper;  ///< gets what is changed: an empty directory
  int work;   ///< for overlayfs alone: an empty directory on the same mount as `upper`, and apart from it
};

/// What `upper` holds afterwards.
enum class Changes {
  kPass,  ///< is of no use without `lower`
  kKept,  ///< makes sense by itself; a directory is renamed by copying it (K36)
};

/// A view of `lower` in which every change goes to `upper`, mounted nowhere yet (attach()); what is mounted
/// below `lower` is not in it. It reads and writes its layers with the rights that its maker has now (K57).
/// Throws Error.
sys::Fd make_view(const OverlayLayers& layers, Changes changes);

}  // namespace nslaunch::ns
