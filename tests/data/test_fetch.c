/* The verb data: the list, and fetching from a small web server of the test's own on 127.0.0.1. */
#include "data/idx_support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "core/option.h"
#include "core/result.h"
#include "data/download.h"
#include "data/source.h"

extern const command_spec wlaw_command_data;

typedef struct web_server {
  pid_t child;
  unsigned port;
  char folder[4096];
} web_server;

static void send_all(int to, const void *bytes, size_t n) {
  for (const char *at = bytes; n;) {
    const ssize_t sent = send(to, at, n, MSG_NOSIGNAL);
    if (sent <= 0) return;
    at += sent;
    n -= (size_t)sent;
  }
}

static void send_text(int to, const char *text) { send_all(to, text, strlen(text)); }

/* /files/NAME: that file of the folder; /wrong/: gzip of other bytes; /endless/: never stops; /away/: a redirection to
 * a local file; /cut/: less than announced; anything else is not there. */
static void answer(int to, const char *folder, const char *path) {
  if (strncmp(path, "/files/", 7) == 0) {
    char name[5200], head[200];
    snprintf(name, sizeof name, "%s/%s", folder, path + 7);
    char *bytes = NULL;
    size_t n = 0;
    if (wlaw_input_whole(&bytes, &n, name, 1 << 26, NULL) == WLAW_OK) {
      snprintf(head, sizeof head, "HTTP/1.0 200 OK\r\nContent-Length: %zu\r\n\r\n", n);
      send_text(to, head);
      send_all(to, bytes, n);
      free(bytes);
      return;
    }
  } else if (strncmp(path, "/wrong/", 7) == 0) {
    unsigned char packed[64];
    uLongf n = sizeof packed;
    compress(packed, &n, (const unsigned char *)"not the published file", 22);
    send_text(to, "HTTP/1.0 200 OK\r\n\r\n");
    send_all(to, packed, n);
    return;
  } else if (strncmp(path, "/endless/", 9) == 0) {
    static const char zeros[1 << 16];
    send_text(to, "HTTP/1.0 200 OK\r\n\r\n");
    for (int i = 0; i < 2000; i++) send_all(to, zeros, sizeof zeros);
    return;
  } else if (strncmp(path, "/cut/", 5) == 0) {
    send_text(to, "HTTP/1.0 200 OK\r\nContent-Length: 1000\r\n\r\nshort");
    return;
  } else if (strncmp(path, "/away/", 6) == 0) {
    send_text(to, "HTTP/1.0 302 Found\r\nLocation: file:///etc/hostname\r\n\r\n");
    return;
  }
  send_text(to, "HTTP/1.0 404 Not Found\r\n\r\n");
}

static void serve(int listening, const char *folder) {
  for (;;) {
    const int to = accept(listening, NULL, NULL);
    if (to < 0) continue;
    char request[2048] = "", path[1024] = "";
    if (recv(to, request, sizeof request - 1, 0) > 0 && sscanf(request, "GET %1000s", path) == 1)
      answer(to, folder, path);
    shutdown(to, SHUT_WR);
    while (recv(to, request, sizeof request, 0) > 0) continue;
    close(to);
  }
}

/* Skips where weightlaw was built without libcurl. */
static void needs_curl(void) {
  unsigned char *bytes = NULL;
  size_t n = 0;
  if (wlaw_download(&bytes, &n, "https://127.0.0.1:1/", 1, false, NULL, NULL) != WLAW_UNSUPPORTED) return;
  print_message("skipped: built without libcurl\n");
  skip();
}

static web_server server_start(const char *folder) {
  web_server server = {0};
  snprintf(server.folder, sizeof server.folder, "%s", folder);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  const int listening = socket(AF_INET, SOCK_STREAM, 0);
  assert_true(listening >= 0);
  assert_int_equal(bind(listening, (struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(listen(listening, 8), 0);
  assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &length), 0);
  server.port = ntohs(address.sin_port);
  server.child = fork();
  assert_true(server.child >= 0);
  if (server.child == 0) {
    alarm(60); /* a test that fails does not come to server_stop */
    close(STDOUT_FILENO);
    close(STDERR_FILENO);
    serve(listening, server.folder);
    _exit(0);
  }
  close(listening);
  return server;
}

static void server_stop(const web_server *server) {
  kill(server->child, SIGKILL);
  waitpid(server->child, NULL, 0);
}

static const char *server_url(const web_server *server, const char *path) {
  static char url[200];
  snprintf(url, sizeof url, "http://127.0.0.1:%u%s", server->port, path);
  return url;
}

/* The verb with options given as name, value, ... */
static wlaw_status run_data(wlaw_result **result, const char *what, const char *name, const char *cache,
                            const char *mirror, wlaw_progress progress, wlaw_error *err) {
  wlaw_options *options = NULL;
  check_ok(wlaw_options_make(&options, &wlaw_command_data, err));
  if (cache) check_ok(wlaw_options_set(options, "cache", cache, err));
  if (mirror) check_ok(wlaw_options_set(options, "mirror", mirror, err));
  const char *const inputs[] = {what, name};
  const wlaw_status status = wlaw_data(result, inputs, name ? 2 : 1, options, progress, NULL, err);
  wlaw_options_free(options);
  return status;
}

static void list_names_every_set(void **state) {
  (void)state;
  wlaw_error *err = wlaw_error_new();
  wlaw_result *result = NULL;
  check_ok(run_data(&result, "list", NULL, NULL, NULL, NULL, err));
  const json_t *sets = json_object_get(result->document, "sets");
  assert_int_equal(json_array_size(sets), wlaw_n_dataset_sources);
  static const char *const names[] = {"fashion-mnist", "mnist", "cifar-10", "synthetic"};
  for (size_t i = 0; i < json_array_size(sets); i++) {
    const json_t *set = json_array_get(sets, i);
    assert_string_equal(json_string_value(json_object_get(set, "name")), names[i]);
    assert_true(json_is_boolean(json_object_get(set, "present")));
    assert_non_null(json_string_value(json_object_get(set, "origin")));
  }
  assert_true(json_is_true(json_object_get(json_array_get(sets, 3), "present")));
  wlaw_result_free(result);
  wlaw_error_free(err);
}

static void wrong_questions(void **state) {
  (void)state;
  static const struct {
    const char *what, *name;
    wlaw_status status;
    const char *says;
  } cases[] = {
      {"lits", NULL, WLAW_ARGUMENT, "'list' or 'fetch NAME'"},
      {"fetch", NULL, WLAW_ARGUMENT, "needs the name of a data set"},
      {"fetch", "minst", WLAW_NAME, "did you mean 'mnist'?"},
      {"fetch", "mnist", WLAW_ARGUMENT, "name one with --cache"},
      {"fetch", "cifar-10", WLAW_ARGUMENT, "cifar-10-binary.tar.gz"},
      {"fetch", "fashion-mnist", WLAW_ARGUMENT, "apt install dataset-fashion-mnist"},
      {"fetch", "synthetic", WLAW_ARGUMENT, "it is always there"},
  };
  wlaw_error *err = wlaw_error_new();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    wlaw_result *result = NULL;
    check_status(run_data(&result, cases[i].what, cases[i].name, NULL, NULL, NULL, err), cases[i].status);
    assert_null(result);
    if (!strstr(wlaw_error_message(err), cases[i].says)) fail_msg("case %zu: %s", i, wlaw_error_message(err));
  }
  wlaw_error_free(err);
}

static int cancel(void *user, double fraction, const char *what) {
  (void)user, (void)fraction, (void)what;
  return 1;
}

/* Every way a server can disappoint: exit code 4 and nothing in the cache. */
static void failed_fetches_leave_nothing(void **state) {
  (void)state;
  needs_curl();
  wlaw_error *err = wlaw_error_new();
  const char *cache = idx_folder("fetch-fails");
  const web_server server = server_start(cache);
  static const struct {
    const char *path, *says;
    wlaw_status status;
  } cases[] = {{"/nothing/", "404", WLAW_NETWORK},
               {"/wrong/", "sends something else than the published train-images-idx3-ubyte", WLAW_NETWORK},
               {"/cut", "cannot be downloaded", WLAW_NETWORK},
               {"/away", "cannot be downloaded", WLAW_NETWORK},
               {"/endless", "more than the", WLAW_LIMIT}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    check_status(run_data(NULL, "fetch", "mnist", cache, server_url(&server, cases[i].path), NULL, err),
                 cases[i].status);
    if (!strstr(wlaw_error_message(err), cases[i].says)) fail_msg("case %zu: %s", i, wlaw_error_message(err));
    assert_non_null(strstr(wlaw_error_message(err), "check the network, name another mirror with --mirror"));
  }
  assert_int_equal(wlaw_status_exit_code(WLAW_NETWORK), 4);
  check_status(run_data(NULL, "fetch", "mnist", cache, server_url(&server, "/endless"), cancel, err), WLAW_CANCELLED);
  server_stop(&server);
  /* nobody listens any more */
  check_status(run_data(NULL, "fetch", "mnist", cache, server_url(&server, "/files"), NULL, err), WLAW_NETWORK);
  check_status(run_data(NULL, "fetch", "mnist", cache, "file:///tmp", NULL, err), WLAW_NETWORK);
  char command[4300];
  snprintf(command, sizeof command, "test -z \"$(find '%s' -type f)\"", cache);
  assert_int_equal(system(command), 0);
  wlaw_error_free(err);
}

/* Plain http is for a mirror the user names; the download itself refuses it otherwise. */
static void http_needs_leave(void **state) {
  (void)state;
  needs_curl();
  wlaw_error *err = wlaw_error_new();
  const char *folder = idx_folder("fetch-http");
  const web_server server = server_start(folder);
  const idx_bytes labels = idx_make(8, 1, (const uint32_t[]){2}, tiny_test_labels, 2);
  idx_write(folder, "labels", &labels);
  unsigned char *bytes = NULL;
  size_t n = 0;
  check_status(wlaw_download(&bytes, &n, server_url(&server, "/files/labels"), 100, false, NULL, err), WLAW_NETWORK);
  check_ok(
      wlaw_download(&bytes, &n, server_url(&server, "/files/labels"), 10, true, NULL, err)); /* exactly the limit */
  assert_int_equal(n, 10);
  assert_memory_equal(bytes, labels.bytes, 10);
  free(bytes);
  check_status(wlaw_download(&bytes, &n, server_url(&server, "/files/labels"), 9, true, NULL, err), WLAW_LIMIT);
  server_stop(&server);
  wlaw_error_free(err);
}

static double fetched(const wlaw_result *result) {
  double value = NAN;
  size_t count = 0;
  assert_int_equal(wlaw_result_get(result, "fetched", &value, 1, &count, NULL), WLAW_OK);
  return value;
}

/* From nothing to a set that opens; a second time there is nothing to do; a damaged file is brought again. */
static void mnist_from_a_mirror(void **state) {
  (void)state;
  needs_curl();
  const char *folder = test_data("mnist");
  wlaw_error *err = wlaw_error_new();
  const char *cache = idx_folder("fetch-mnist/cache");
  const web_server server = server_start(folder);
  wlaw_result *result = NULL;
  check_ok(run_data(&result, "fetch", "mnist", cache, server_url(&server, "/files"), NULL, err));
  check_near(fetched(result), 4, 0);
  wlaw_result_free(result);
  const dataset_request request = {.what = "mnist", .cache = cache};
  wlaw_dataset *data = NULL;
  check_ok(wlaw_dataset_open(&data, &request, NULL, err));
  assert_string_equal(data->name, "mnist");
  assert_int_equal(data->train.n, 60000);
  wlaw_dataset_free(data);

  char path[4300];
  snprintf(path, sizeof path, "%s/mnist/t10k-labels-idx1-ubyte.gz", cache);
  assert_int_equal(truncate(path, 100), 0);
  check_ok(run_data(&result, "fetch", "mnist", cache, server_url(&server, "/files"), NULL, err));
  check_near(fetched(result), 1, 0);
  wlaw_result_free(result);
  server_stop(&server);
  check_ok(run_data(&result, "fetch", "mnist", cache, server_url(&server, "/files"), NULL, err));
  check_near(fetched(result), 0, 0);
  assert_non_null(strstr(json_string_value(json_object_get(result->document, "summary")), "is there already"));
  wlaw_result_free(result);

  snprintf(path, sizeof path, "%s/mnist/t10k-labels-idx1-ubyte", cache); /* somebody's own file, read before the .gz */
  assert_int_equal(wlaw_output_whole(path, "x", 1, err), WLAW_OK);
  check_status(run_data(NULL, "fetch", "mnist", cache, server_url(&server, "/files"), NULL, err), WLAW_EXISTS);
  wlaw_error_free(err);
}

int main(void) {
  /* libcurl reads these; 127.0.0.1 is not to be asked of a proxy */
  unsetenv("http_proxy");
  unsetenv("all_proxy");
  unsetenv("ALL_PROXY");
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(list_names_every_set),         cmocka_unit_test(wrong_questions),
      cmocka_unit_test(failed_fetches_leave_nothing), cmocka_unit_test(http_needs_leave),
      cmocka_unit_test(mnist_from_a_mirror),
  };
  return cmocka_run_group_tests_name("data.fetch", tests, NULL, NULL);
}
