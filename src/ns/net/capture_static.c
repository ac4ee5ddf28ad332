/* For the program that is linked statically, in the place of four functions of libpcap.a: the linker then leaves out
 * the files that they are in and all that these need. Who links the shared library has its own.
 *
 * Debian's libpcap captures on D-Bus, too, for which it wants libdbus; that wants libsystemd, of which there is no
 * static library. And what frees and installs filters lies beside what compiles them, which brings the resolver,
 * and a static program should have none. Neither is needed for all packets of lo.
 */
#include <pcap/pcap.h>
#include <stdlib.h>

/* As libpcap's own sources declare them, which no header of its does. */
pcap_t* dbus_create(const char* device, char* problem, int* is_mine);
int dbus_findalldevs(void* devices, char* problem);
int install_bpf_program(pcap_t* handle, struct bpf_program* filter);

/* Every kind of device is asked for any device whether it is one of its own. */
pcap_t* dbus_create(const char* device, char* problem, int* is_mine) {
  (void)device;
  (void)problem;
  *is_mine = 0;
  return NULL;
}

int dbus_findalldevs(void* devices, char* problem) {
  (void)devices;
  (void)problem;
  return 0;
}

/* Only for pcap_setfilter(). */
int install_bpf_program(pcap_t* handle, struct bpf_program* filter) {
  (void)handle;
  (void)filter;
  return -1;
}

/* Also when a handle without a filter is closed. */
void pcap_freecode(struct bpf_program* filter) {
  free(filter->bf_insns);
  filter->bf_insns = NULL;
  filter->bf_len = 0;
}
