// `status`: figures of a feed, and what has happened to it.

function drawStatus(body) {
  const connection = element("div", "tickflow-connection");
  const figures = element("div", "tickflow-figures");
  const news = element("ul", "tickflow-news");
  body.append(connection, figures, news);
  return {
    show(content) {
      connection.textContent = content.connection;
      figures.replaceChildren(...content.figures.map(({ name, value, alarm }) => {
        const figure = element("div", "tickflow-figure", "", element("b", "", value), element("span", "", name));
        figure.classList.toggle("tickflow-alarm", alarm);
        return figure;
      }));
      news.replaceChildren(...content.news.map((line) => element("li", "", line)));
    },
  };
}

export default { render: (context) => shell(context, drawStatus) };
